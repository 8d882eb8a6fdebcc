// Turns the body of a request into its decompressed bytes, up to a limit that no compression gets around.
import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';
import { type Refusal, refuse } from '../../pipeline/firehose/refusal.ts';
import type { RequestHead } from '../../pipeline/firehose/request-head.ts';
import type { Share } from './bytes-in-work.ts';

/**
 * Firehose sends up to 64 MiB. Its buffer is measured in bytes of records, which base64 makes a third longer: 85.4 MiB,
 * and the JSON around 10,000 of them. Answering 413 to what it may send would lose it for good.
 */
export const MAX_BODY_BYTES = 96 * 1024 * 1024; // decompressed

const tooLarge = (): Refusal =>
  refuse(
    413,
    `the body has more than ${MAX_BODY_BYTES / 1024 / 1024} MiB: lower the buffer size of the Firehose stream`,
  );
const busy = (): Refusal => refuse(503, 'other requests take all the memory that there is for them');

/**
 * Reads the body to its end. A refusal where it is too large, damaged, or does not come before the signal aborts; null
 * where the client has left. What is not read by then is left to be thrown away. Never rejects.
 */
export const readBody = async (
  request: IncomingMessage,
  { gzip, length }: RequestHead,
  share: Share,
  signal: AbortSignal,
): Promise<Buffer | Refusal | null> => {
  if (length !== null && length > MAX_BODY_BYTES) return tooLarge(); // nothing gets smaller by decompression that is worth it
  if (length !== null && !share.grow(length)) return busy();
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const source = gzip ? request.pipe(createGunzip()) : request;
    const settle = (outcome: Buffer | Refusal | null): void => {
      signal.removeEventListener('abort', late);
      source.off('data', take);
      if (source !== request) {
        request.unpipe();
        source.destroy();
      }
      request.resume(); // Node throws a body away only where nobody has read of it
      resolve(outcome);
    };
    const late = (): void => settle(refuse(408, 'the body did not come in time'));
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) settle(tooLarge());
      else if (!share.grow(bytes)) settle(busy());
      else chunks.push(chunk);
    };
    source.on('data', take);
    source.once('end', () => settle(Buffer.concat(chunks.splice(0), bytes)));
    source.on('error', (error) => {
      settle(source === request ? null : refuse(400, `the body is no gzip: ${error.message}`));
    });
    request.on('error', () => settle(null));
    request.once('close', () => {
      if (!request.complete) settle(null);
    });
    signal.addEventListener('abort', late);
    if (signal.aborted) late();
  });
};
