// Turns an object into the bytes that the decoder reads, whatever kind of file it is.
import type { Chunks } from '../../pipeline/envelope/chunks.ts';
import type { ObjectFile } from './object-file.ts';
import { isParquet, parquetText } from './parquet/parquet-text.ts';

/**
 * As often as it is asked for, from the begin. Parquet becomes text with a header line.
 * @param onBytes is told of the object's bytes as what comes of them has been taken.
 * @returns what is wrong with the object, where that is not for the decoder to find out.
 */
export async function* objectText(file: ObjectFile, onBytes: (count: number) => void = () => {}): Chunks {
  if (isParquet(await file.head())) return yield* parquetText(file, onBytes);
  for await (const chunk of file.bytes()) {
    yield chunk;
    onBytes(chunk.length);
  }
  return null;
}
