// Turns the two ends of a Parquet file into its metadata, or says why it is none, or not a whole one.
import { ParquetDamage, ParquetUnread } from './damage.ts';
import { type Footer, readFooter } from './footer.ts';

/** Reads `length` bytes of the file; fewer where it ends. */
export type ReadBytes = (position: number, length: number) => Promise<Buffer>;

export interface ParquetSource {
  readonly size: number; // bytes
  readonly read: ReadBytes;
}

const MAGIC = 4; // bytes
const TAIL = 8; // bytes: the length of the metadata, and the magic number again
const MAX_METADATA = 64 * 1024 * 1024; // bytes

/** Whether a file that begins with these bytes is Parquet, encrypted (`PARE`) or not. */
export const isParquet = (head: Buffer): boolean => ['PAR1', 'PARE'].includes(head.toString('latin1', 0, MAGIC));

/** Throws ParquetDamage, ParquetUnread, RangeError where the metadata end too early, and what the source does. */
export const readMetadata = async ({ size, read }: ParquetSource): Promise<Footer> => {
  if (size < MAGIC + TAIL) throw new ParquetDamage('it is too short');
  const tail = await read(size - TAIL, TAIL);
  const magic = tail.toString('latin1', MAGIC);
  if (magic === 'PARE') throw new ParquetUnread('it is encrypted');
  if (magic !== 'PAR1') throw new ParquetDamage('it does not end with PAR1: it is not whole');
  const length = tail.readUInt32LE(0);
  if (length > Math.min(size - MAGIC - TAIL, MAX_METADATA)) {
    throw new ParquetDamage(`its metadata would be of ${length} bytes`);
  }
  return readFooter(await read(size - TAIL - length, length), size - TAIL - length);
};
