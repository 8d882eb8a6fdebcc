// Answers a question over HTTP: headers that say how complete it is, 304 where nothing changed, and a streamed body.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { completenessHeaders } from '../../../pipeline/answer-head.ts';
import type { WindowSource } from '../../shared/query/window-source.ts';
import type { Piece, Question } from '../questions/question.ts';
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
  const { window, tables, lateness } = question;
  const source = await services.query.window(window, tables, { lateness, signal });
  const etag = etagOf(source, question);
  reply.headers({ ...completenessHeaders(source.completeness), etag, 'cache-control': 'private, no-cache' });
  reply.header('vary', 'accept');
  if (isKnown(request.headers['if-none-match'], etag)) {
    source.release();
    done();
    return reply.code(304).send();
  }
  reply.type(question.contentType);
  const body = question.answer(services.query, source, signal)[Symbol.asyncIterator]();
  const end = async () => {
    try {
      await body.return?.();
    } finally {
      source.release();
      done();
    }
  };
  try {
    const first = await body.next();
    signal.throwIfAborted();
    if (request.method === 'HEAD') {
      await end();
      return reply.send();
    }
    // Not the end of the stream: one of which nothing was ever read does not tell that it is left.
    reply.raw.once('close', () => void end().catch((error: unknown) => request.log.error({ err: error }, 'unclosed')));
    return reply.send(Readable.from(resumed(first, body)));
  } catch (error) {
    await end();
    throw error;
  }
}

/** A body whose first piece was taken already, because it decides about the status. */
async function* resumed(first: IteratorResult<Piece>, rest: AsyncIterator<Piece>): AsyncGenerator<Piece> {
  for (let next = first; !next.done; next = await rest.next()) yield next.value;
}

function etagOf(source: WindowSource, question: Question): string {
  const hash = createHash('sha256').update(`${source.identity}\n${question.contentType}\n${question.text}`);
  return `"${hash.digest('base64url')}"`;
}

/** Whether If-None-Match names the tag. */
export const isKnown = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);
