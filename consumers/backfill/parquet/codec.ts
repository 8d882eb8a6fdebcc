// Turns the compressed bytes of a page into as many bytes as its header promises.
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { ParquetDamage } from '../../shared/parquet/damage.ts';
import { unsnappy } from './snappy.ts';

const UNCOMPRESSED = 0;
const SNAPPY = 1;
const GZIP = 2;
const BROTLI = 4;
const ZSTD = 6;
const USUAL_EXPANSION = 32;
/** Codecs of Parquet that are not read. */
export const UNREAD_CODECS: ReadonlyMap<number, string> = new Map([
  [3, 'LZO'],
  [5, 'LZ4'],
  [7, 'LZ4_RAW'],
]);
const NAMES: readonly string[] = ['', 'SNAPPY', 'GZIP', '', 'BROTLI', '', 'ZSTD'];

const decompress = (codec: number, bytes: Buffer, size: number): Buffer => {
  // One buffer of the right size, unless the size is that of a damaged header.
  const chunkSize = Math.max(64, Math.min(size, bytes.length * USUAL_EXPANSION));
  const limits = { maxOutputLength: Math.max(size, 1), chunkSize };
  switch (codec) {
    case SNAPPY:
      return unsnappy(bytes, size);
    case GZIP:
      return bytes[0] === 0x1f ? gunzipSync(bytes, limits) : inflateSync(bytes, limits);
    case BROTLI:
      return brotliDecompressSync(bytes, limits);
    case ZSTD:
      return zstdDecompressSync(bytes, limits);
    default:
      throw new ParquetDamage(`its pages are compressed with codec ${codec}, which there is not`);
  }
};

/** zlib's own errors, and of its limits, are about the page; that memory cannot be had is not. */
const isAboutPage = (error: unknown): error is Error & { code: string } =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  !/MEM_ERROR|memory/i.test(error.code) &&
  /^(Z_|ZSTD_|ERR_)/.test(error.code);

/** @throws ParquetDamage when `bytes` are not what was compressed. */
export const decompressPage = (codec: number, bytes: Buffer, size: number): Buffer => {
  if (codec === UNCOMPRESSED || (size === 0 && bytes.length === 0)) return bytes;
  let page: Buffer;
  try {
    page = decompress(codec, bytes, size);
  } catch (error) {
    if (!isAboutPage(error)) throw error;
    throw new ParquetDamage(`a page is no ${NAMES[codec]} data: ${error.message}`);
  }
  if (page.length !== size) throw new ParquetDamage(`a page has ${page.length} bytes, not ${size}`);
  return page;
};
