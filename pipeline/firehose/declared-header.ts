// Puts a header line in front of the lines of a record, behind as many layers of compression as they lie.
import { constants, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { type Compression, compressionOf, MAX_LAYERS } from '../envelope/compression.ts';

/** Of each layer: what its first bytes decompress to tells whether there is another. */
const PEEK_BYTES = 1024;

/** What the first bytes decompress to; nothing where they are damaged or only the head of gzip. */
const beginning = (data: Buffer, compression: Compression): Buffer => {
  const part = data.subarray(0, PEEK_BYTES);
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  try {
    return compression === 'gzip' ? gunzipSync(part, options) : inflateSync(part, options);
  } catch {
    return Buffer.alloc(0);
  }
};

/** From the outermost one in. */
const layersOf = (data: Buffer): readonly Compression[] => {
  const layers: Compression[] = [];
  let bytes = data;
  while (layers.length < MAX_LAYERS && bytes.length >= 2) {
    const compression = compressionOf(bytes[0], bytes[1]);
    if (compression === null) break;
    layers.push(compression);
    bytes = beginning(bytes, compression);
  }
  return layers;
};

/** Compressed as a record is, by its layers. */
const headersByLayers = (line: string): ((layers: readonly Compression[]) => Buffer) => {
  const made = new Map<string, Buffer>();
  return (layers) => {
    const key = layers.join();
    const known = made.get(key);
    if (known !== undefined) return known;
    const text = Buffer.from(`${line}\n`);
    const bytes = layers.reduceRight((inner, one) => (one === 'gzip' ? gzipSync(inner) : deflateSync(inner)), text);
    made.set(key, bytes);
    return bytes;
  };
};

/**
 * A function that makes of a record's data the same data behind the header line. Members of gzip (and streams of zlib)
 * that follow each other decompress to one text, at every layer, so nothing of the record is decompressed for it.
 */
export const behindHeader = (line: string): ((data: Buffer) => Buffer) => {
  const header = headersByLayers(line);
  return (data) => Buffer.concat([header(layersOf(data)), data]);
};
