// Turns what DuckDB says into errors of the catalogue.
import { VpcflowError } from '../../../../schemas/errors.ts';

const UNREADABLE =
  /No magic bytes|not a parquet file|too small to be a Parquet|footer|TProtocolException|ZSTD|deserializ/i;

/** DuckDB's own text is the cause, and its first line at most the message: the rest quotes the SQL. */
export function queryError(cause: unknown): VpcflowError {
  if (cause instanceof VpcflowError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const first = text.split('\n', 1)[0];
  if (/^Out of Memory Error/.test(text)) {
    const help = 'ask for a smaller window or a coarser grouping, or raise --memory-limit';
    return new VpcflowError('VF_LIMIT', 'the query needs more memory and spill space than it may have', {
      ...{ cause, help },
    });
  }
  if (/No space left|Disk quota exceeded|Could not write/i.test(first)) {
    const help = 'set TMPDIR to a directory with more free space, or ask for a smaller window or a coarser grouping';
    return new VpcflowError('VF_LIMIT', 'the disk has no space left for what the query spills', { cause, help });
  }
  if (UNREADABLE.test(first)) {
    return new VpcflowError('VF_STORE_CORRUPT', `a Parquet file cannot be read: ${first}`, { cause });
  }
  if (/^IO Error/.test(text)) {
    return new VpcflowError('VF_STORE_UNREACHABLE', `a file cannot be read: ${first}`, { cause });
  }
  return new VpcflowError('VF_QUERY', `the query failed: ${first}`, { cause });
}
