// Turns away what a server on loopback must not answer: foreign hosts and origins, and more requests than it can hold.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VpcflowError } from '../../../schemas/errors.ts';
import { checkOrigin } from '../../shared/loopback.ts';
import type { ServerMetrics } from './metrics.ts';

/** A page may load and ask only its own server; nothing may frame it. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Requests that are answered even when the server is full: those that say whether it is. */
const ALWAYS = new Set(['/healthz', '/metrics']);

/** Adds the checks and headers to every request, those of unknown routes included. */
export function guard(app: FastifyInstance, metrics: ServerMetrics, maxRequests: number): void {
  let held = 0;
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(SECURITY_HEADERS);
    // The response's own `close`, because it comes also when the client leaves in the middle.
    held += 1;
    metrics.inFlight.set(held);
    reply.raw.once('close', () => {
      held -= 1;
      metrics.inFlight.set(held);
    });
    try {
      checkOrigin(request.headers);
    } catch (error) {
      metrics.refused.inc({ reason: 'host' });
      throw error;
    }
    if (held > maxRequests && !ALWAYS.has(request.url)) {
      metrics.refused.inc({ reason: 'busy' });
      throw new VpcflowError('VF_BUSY', `this server already holds ${maxRequests} requests`);
    }
  });
}
