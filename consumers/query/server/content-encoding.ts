// Turns Accept-Encoding into the encoding of a body, and a body's pieces into a stream of it.
import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import Negotiator from 'negotiator';
import type { Piece } from '../questions/question.ts';

export type ContentEncoding = 'br' | 'gzip' | 'identity';

/** What the client likes best, of several the first that it names; nothing for a body that is compressed already. */
export function contentEncoding(headers: IncomingHttpHeaders, isCompressed: boolean): ContentEncoding {
  if (isCompressed || headers['accept-encoding'] === undefined) return 'identity';
  const given = new Negotiator({ headers: { 'accept-encoding': headers['accept-encoding'] } });
  const [best] = given.encodings(['br', 'gzip', 'identity']);
  return best === 'br' || best === 'gzip' ? best : 'identity';
}

/** Levels at which either keeps up with what a query gives. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const GZIP = { level: 4 };

/** A body that fails breaks the stream off: it has no end that would make it look whole. */
export function encoded(body: AsyncIterable<Piece>, encoding: ContentEncoding): Readable {
  const plain = Readable.from(body);
  if (encoding === 'identity') return plain;
  const compress = encoding === 'br' ? createBrotliCompress(BROTLI) : createGzip(GZIP);
  // Whoever reads the stream is told of its failure; nothing is left to do about it here.
  return pipeline(plain, compress, () => {});
}
