// Gives each request its id and its line in the log: who asked what, from where, and how it ended.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { printableUrl } from '../../../pipeline/access/printable-url.ts';
import type { Meter } from '../../../schemas/metrics.ts';

export const REQUEST_ID = 'x-request-id';
const WELL_FORMED = /^[\w.:+=/~-]{1,128}$/;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** The id that a request came with, if it is one that a log and a URN can hold; otherwise a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers[REQUEST_ID];
  return typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
}

/** Counts an answer, and how long it took (ms). Labels are few: routes as they are declared, and known methods. */
export function countRequest(meter: Meter, route: string, method: string, status: number, ms: number): void {
  const known = METHODS.has(method) ? method : 'other';
  meter.count('httpRequests', 1, { route, method: known, status: String(status) });
  meter.observe('httpSeconds', ms / 1000, { route, status: `${Math.floor(status / 100)}xx` });
}

/** A line when the answer is over, whole or not. No header is in it, so no token can be. */
export function logRequests(app: FastifyInstance, meter: Meter): void {
  app.addHook('onRequest', async (request, reply) => {
    const began = performance.now();
    const client = request.raw.socket.remoteAddress;
    // The response's own `close`, because it comes also when the client leaves in the middle.
    reply.raw.once('close', () => {
      const { method, routeOptions, user, url, log } = request;
      const [route, ms] = [routeOptions.url ?? 'unknown', performance.now() - began];
      const { statusCode: status, writableFinished: whole } = reply.raw;
      countRequest(meter, route, method, status, ms);
      const facts = { method, url: printableUrl(url), status: String(status), ms: Math.round(ms), whole };
      log.info({ ...facts, client, ...(user === null ? {} : { user: user.name }) }, 'request');
    });
  });
}
