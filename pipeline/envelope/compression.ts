// Tells how bytes are compressed from what they begin with, and decompresses a small record at once.
import { gunzipSync, inflateSync } from 'node:zlib';

export type Compression = 'gzip' | 'zlib';

/** Decompressed bytes up to which a record is held in memory as a whole. */
export const WHOLE_BYTES = 16 * 1024 * 1024;
/** Deflate expands at most 1032 : 1. */
const MOST_EXPANDING = 1032;
/** A double gzip happens (Firehose compresses what CloudWatch Logs has compressed); a fourth layer is an attack. */
export const MAX_LAYERS = 3;

/** How the data that begin so are compressed (two bytes tell), or null when they are not. RFC 1952, RFC 1950. */
export const compressionOf = (first: number, second: number): Compression | null => {
  if (first === 0x1f && second === 0x8b) return 'gzip';
  const header = (first << 8) | second;
  const deflate = (first & 0x0f) === 8 && first >> 4 === 7; // 78: a window of 32 KiB, as everybody writes
  const dictionary = (second & 0x20) !== 0; // `x ` would be one, and nobody has the dictionary
  return deflate && !dictionary && header % 31 === 0 ? 'zlib' : null;
};

/**
 * The decompressed bytes of a whole record, through all layers; null when it does not fit or is not whole and
 * undamaged, which the stream of `inflate.ts` then looks into.
 */
export const decompressWhole = (data: Buffer): Buffer | null => {
  let bytes = data;
  for (let layer = 0; bytes.length >= 2; layer++) {
    const compression = compressionOf(bytes[0], bytes[1]);
    if (compression === null) return bytes;
    if (layer === MAX_LAYERS) return null;
    const inflated = inflateWhole(bytes, compression);
    if (inflated === null) return null;
    bytes = inflated;
  }
  return bytes;
};

const inflateWhole = (data: Buffer, compression: Compression): Buffer | null => {
  const options = { maxOutputLength: WHOLE_BYTES, chunkSize: chunkSize(data, compression), info: true } as const;
  try {
    const result: unknown = compression === 'gzip' ? gunzipSync(data, options) : inflateSync(data, options);
    if (!isInflated(result)) return null;
    return result.engine.bytesWritten === data.length ? result.buffer : null; // what follows a member may be anything
  } catch {
    return null;
  }
};

/** The last four bytes of gzip are its decompressed length: one buffer of that size saves growing and joining. */
const chunkSize = (data: Buffer, compression: Compression): number => {
  if (compression === 'zlib' || data.length < 18) return 64 * 1024;
  const told = data.readUInt32LE(data.length - 4) + 1; // with room to see the end
  return Math.max(4096, Math.min(told, WHOLE_BYTES, MOST_EXPANDING * data.length));
};

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number }; // compressed bytes that were consumed
}

/** With `info` zlib answers so; its type does not say it. */
const isInflated = (result: unknown): result is Inflated =>
  typeof result === 'object' && result !== null && 'engine' in result;
