// What is wrong with a Parquet file, told from what is wrong with the machine that reads it, and from what is only not read.

/** The file, or what is left of it, cannot be read: never for want of memory or of a disk. */
export class ParquetDamage extends Error {
  override readonly name = 'ParquetDamage';
}

/** The file is whole, as far as can be told, and uses something of Parquet that is not read. */
export class ParquetUnread extends Error {
  override readonly name = 'ParquetUnread';
}

/** Reading past the end of what a damaged length promised. */
const isBeyondEnd = (error: unknown): boolean =>
  error instanceof RangeError && !/allocation|out of memory/i.test(error.message);

/** What `error` says about the file, or null when it is not about it. */
export const damageOf = (error: unknown): string | null => {
  if (error instanceof ParquetDamage) return error.message;
  return isBeyondEnd(error) ? 'a length in it leads past its end' : null;
};
