// Answers a question over HTTP: headers that say how complete it is, 304 where nothing changed, and a streamed body.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { completenessHeaders } from '../../../pipeline/answer-head.ts';
import type { WindowSource } from '../../shared/query/window-source.ts';
import { beginAnswer } from '../questions/begin-answer.ts';
import type { Question } from '../questions/question.ts';
import { cancellation } from './cancellation.ts';
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
  const known = (source: WindowSource) => isKnown(given, etagOf(source, question));
  const { source, body, end } = await beginAnswer(services.query, question, signal, known);
  const finish = () => end().finally(done);
  reply.headers({ ...completenessHeaders(source.completeness), etag: etagOf(source, question) });
  reply.headers({ 'cache-control': 'private, no-cache', vary: 'accept' });
  if (body === null) {
    await finish();
    return reply.code(304).send();
  }
  reply.type(question.contentType);
  if (request.method === 'HEAD') {
    await finish();
    return reply.send();
  }
  // Not the end of the stream: one of which nothing was ever read does not tell that it is left.
  reply.raw.once('close', () => void finish().catch((error: unknown) => request.log.error({ err: error }, 'unclosed')));
  return reply.send(Readable.from(body));
}

function etagOf(source: WindowSource, question: Question): string {
  const hash = createHash('sha256').update(`${source.identity}\n${question.contentType}\n${question.text}`);
  return `"${hash.digest('base64url')}"`;
}

/** Whether If-None-Match names the tag. */
export const isKnown = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);
