// Answers a question over HTTP: headers that say how complete it is, 304 where nothing changed, and a streamed body.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { completenessHeaders } from '../../../pipeline/window/answer-head.ts';
import type { Completeness } from '../../../schemas/query.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import { beginAnswer } from '../questions/begin-answer.ts';
import type { Question } from '../questions/question.ts';
import { cancellation } from './cancellation.ts';
import { type ContentEncoding, contentEncoding, encoded } from './content-encoding.ts';
import type { RouteServices } from './route.ts';

/** Rejects with the catalogue's errors until the first piece is there; after that a failure breaks the connection off. */
export async function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  services: RouteServices,
  question: Question,
): Promise<FastifyReply> {
  const { signal, done } = cancellation(reply, services);
  const given = request.headers['if-none-match'];
  const encoding = contentEncoding(request.headers, question.binary);
  const known = (source: WindowSource) => isKnown(given, etagOf(source, question, encoding));
  const { source, body, end } = await beginAnswer(services.query, question, signal, known);
  const finish = () => end().finally(done);
  reply.headers({ ...completenessHeaders(source.completeness), etag: etagOf(source, question, encoding) });
  reply.headers(question.about?.(source).headers ?? {});
  reply.headers({ 'cache-control': cacheControl(source.completeness), vary: 'accept, accept-encoding' });
  if (body === null) {
    await finish();
    return reply.code(304).send();
  }
  reply.type(question.contentType);
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  if (request.method === 'HEAD') {
    await finish();
    return reply.send(Readable.from([])); // of a stream no length is told
  }
  // Not the end of the stream: one of which nothing was ever read does not tell that it is left.
  reply.raw.once('close', () => void finish().catch((error: unknown) => request.log.error({ err: error }, 'unclosed')));
  return reply.send(encoded(body, encoding));
}

/**
 * How long an answer may be shown again unasked, in seconds: a complete window changes when lines come later than any
 * should, or are loaded or replayed, and a time such as now-1h means another minute soon.
 */
const FRESH = 60;

const cacheControl = ({ complete }: Completeness): string =>
  complete === true ? `private, max-age=${FRESH}` : 'private, no-cache';

/** Strong, and so of the bytes as they are sent. */
function etagOf(source: WindowSource, question: Question, encoding: ContentEncoding): string {
  const hash = createHash('sha256').update(`${source.identity}\n${question.contentType}\n${question.text}`);
  hash.update(encoding === 'identity' ? '' : `\n${encoding}`);
  return `"${hash.digest('base64url')}"`;
}

/** Whether If-None-Match names the tag. */
export const isKnown = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);
