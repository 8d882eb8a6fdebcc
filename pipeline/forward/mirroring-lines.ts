// Turns audit rows of mirroring into lines of JSON: one object a row, with an id that is the same each time.
import { MIRRORING_COLUMNS, type MirroringRow } from '../../schemas/mirroring/audit-row.ts';
import { formatTime } from '../window/window.ts';

const COLUMNS = Object.entries(MIRRORING_COLUMNS);

/** Lines that are made at a time. */
const CHUNK_ROWS = 500;

/**
 * The rows in their order, some at a time, each as the bytes of one line, its newline included: `kind` (mirroring), `id`
 * (`<key>#<row>`, the row counted from 0), then every column that has a value, named as in the table. Times are RFC 3339
 * with `Z`, integers are exact.
 */
export async function* mirroringLines(
  key: string,
  rows: Iterable<MirroringRow> | AsyncIterable<MirroringRow>,
): AsyncGenerator<readonly Buffer[]> {
  const prefix = `{"kind":"mirroring","id":${JSON.stringify(key).slice(0, -1)}#`;
  let chunk: Buffer[] = [];
  let n = 0;
  for await (const row of rows) {
    const members = COLUMNS.map(([name, type]) => member(name, type, row[name as keyof MirroringRow])); // its own names
    chunk.push(Buffer.from(`${prefix}${n++}"${members.join('')}}\n`));
    if (chunk.length < CHUNK_ROWS) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

const member = (name: string, type: string, value: string | number | bigint | boolean | null): string => {
  if (value === null) return '';
  const text = type === 'timestamp' ? JSON.stringify(formatTime(Number(value))) : undefined;
  return `,"${name}":${text ?? (typeof value === 'string' ? JSON.stringify(value) : String(value))}`;
};
