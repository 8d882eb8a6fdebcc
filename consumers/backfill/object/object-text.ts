// Turns an object into the bytes that the decoder reads, whatever kind of file it is.
import type { Chunks } from '../../../pipeline/envelope/chunks.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { ParquetUnread } from '../../shared/parquet/damage.ts';
import { isParquet } from '../../shared/parquet/metadata.ts';
import { parquetText } from '../parquet/parquet-text.ts';
import type { ObjectFile } from './object-file.ts';

/**
 * As often as it is asked for, from the begin. Parquet becomes text with a header line.
 * @param onBytes is told of the object's bytes as what comes of them has been taken.
 * @returns what is wrong with the object, where that is not for the decoder to find out.
 * @throws VF_SOURCE_UNREADABLE, before the first line where it can be told, when nothing is wrong with it and it is not read.
 */
export async function* objectText(file: ObjectFile, onBytes: (count: number) => void = () => {}): Chunks {
  if (isParquet(await file.head())) {
    try {
      return yield* parquetText(file, onBytes);
    } catch (error) {
      if (!(error instanceof ParquetUnread)) throw error;
      const help = 'write it again with GZIP, SNAPPY, ZSTD or BROTLI, unencrypted and in the usual encodings';
      throw new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read ${file.name}: ${error.message}`, {
        cause: error,
        help,
      });
    }
  }
  for await (const chunk of file.bytes()) {
    yield chunk;
    onBytes(chunk.length);
  }
  return null;
}
