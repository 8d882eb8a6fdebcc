// Turns away what a server must not answer: foreign pages, malformed URLs, strangers, and more than it can hold.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { checkRole } from '../../../pipeline/access/authenticate.ts';
import type { ErrorCode } from '../../../schemas/errors.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import { checkCrossSite, checkOrigin } from '../../shared/loopback.ts';
import type { Access } from './access.ts';
import { REQUEST_ID } from './access-log.ts';
import { answerNotFound } from './not-found.ts';
import { asVpcflowError } from './problem.ts';
import { addressClient, type RateLimit } from './rate-limit.ts';
import type { App } from './route.ts';

/**
 * A page may load and ask only its own server; nothing may frame it.
 * @param form where its forms may lead: a source list of CSP (Content Security Policy Level 3, 6.4.1 form-action).
 */
export const contentSecurityPolicy = ({ form }: { readonly form: string }): string =>
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  `connect-src 'self'; base-uri 'none'; form-action ${form}; frame-ancestors 'none'`;

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy({ form: "'none'" }),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** For a year: whoever came by TLS once does not come without it. RFC 6797. */
const TRANSPORT_SECURITY = { 'strict-transport-security': 'max-age=31536000' };

/** Those of every answer, errors included. */
export const everyHeader = (isTls: boolean): Readonly<Record<string, string>> =>
  isTls ? { ...SECURITY_HEADERS, ...TRANSPORT_SECURITY } : SECURITY_HEADERS;

/** Requests that are answered even when the server is full: those that say whether it is. */
const ALWAYS = new Set(['/healthz', '/readyz', '/metrics']);

/** RFC 6750, 3. */
const CHALLENGE = 'Bearer realm="vpcflow"';

const REASONS: Readonly<Partial<Record<ErrorCode, string>>> = {
  VF_FORBIDDEN_HOST: 'host',
  VF_BAD_PARAMETER: 'malformed',
  VF_UNAUTHORIZED: 'unauthorized',
  VF_FORBIDDEN: 'forbidden',
  VF_RATE: 'rate',
  VF_BUSY: 'busy',
};

export interface GuardOptions {
  readonly meter: Meter;
  readonly isTls: boolean;
  /** Null: everybody on this machine may ask, and nobody else can. */
  readonly access: Access | null;
  readonly rate: RateLimit | null;
  readonly maxRequests: number;
  /** Whether the server will end: connections are not kept for another request then. */
  readonly draining: () => boolean;
}

/** Adds the checks and headers to every request, those of unknown routes included. */
export function guard(app: App, options: GuardOptions): void {
  const { meter, isTls, draining } = options;
  let held = 0;
  meter.set('httpInFlight', 0, {});
  app.decorateRequest('user', null);
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(everyHeader(isTls)).header(REQUEST_ID, request.id);
    if (draining()) reply.header('connection', 'close');
    held += 1;
    meter.set('httpInFlight', held, {});
    // The response's own `close`, because it comes also when the client leaves in the middle.
    reply.raw.once('close', () => {
      held -= 1;
      meter.set('httpInFlight', held, {});
    });
    try {
      await admit(request, reply, options);
      if (held > options.maxRequests && !ALWAYS.has(request.routeOptions.url ?? '')) {
        throw new VpcflowError('VF_BUSY', `this server already holds ${options.maxRequests} requests`);
      }
      // Fastify would miss the type of its body, before it finds that no path takes it.
      if (request.method === 'QUERY') return answerNotFound(app)(request, reply);
    } catch (error) {
      meter.count('httpRefused', 1, { reason: REASONS[asVpcflowError(error).code] ?? 'other' });
      throw error;
    }
  });
}

async function admit(request: FastifyRequest, reply: FastifyReply, options: GuardOptions): Promise<void> {
  const { access, rate, isTls } = options;
  const { role = 'read', limited = true } = request.routeOptions.config;
  checkTarget(request);
  const headers = { ...request.headers, host: hostOf(request) };
  // Balancers of HTTP/1.0 name no host; a browser, which a page of another site could use, always does.
  const isProbe = headers.host === undefined && headers.origin === undefined && role === 'none';
  if (access !== null) checkCrossSite(request.method, headers);
  else if (!isProbe) checkOrigin(headers, isTls ? 'https' : 'http');
  const count = (client: string): void => {
    const wait = rate?.wait(client) ?? 0;
    if (wait === 0) return;
    reply.header('retry-after', String(Math.ceil(wait / 1000)));
    throw new VpcflowError('VF_RATE', `there are more questions of ${client} than one client may ask in a minute`);
  };
  const address = addressClient(request.raw.socket.remoteAddress ?? '');
  if (access !== null && role !== 'none') {
    try {
      request.user = await access.principal(request);
    } catch (error) {
      if (asVpcflowError(error).code === 'VF_UNAUTHORIZED') reply.header('www-authenticate', CHALLENGE);
      count(address); // whoever tries tokens gets no more of them in a minute
      throw error;
    }
    checkRole(request.user, role);
  }
  if (limited && role !== 'none') count(request.user === null ? address : JSON.stringify(request.user.name));
}

/** A request target with an authority, which counts then and not the Host header: RFC 9112, 3.2.2. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

const hostOf = ({ raw, headers }: FastifyRequest): string | undefined =>
  ABSOLUTE_FORM.exec(raw.url ?? '')?.[1] ?? headers.host;

/** Throws VF_BAD_PARAMETER for what no client sends that means well. */
function checkTarget({ raw }: FastifyRequest): void {
  const hosts = raw.headersDistinct.host?.length ?? 0;
  if (hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1')) {
    throw new VpcflowError('VF_BAD_PARAMETER', `the request has ${hosts === 0 ? 'no' : 'more than one'} Host header`, {
      help: 'send one, as HTTP/1.1 has it',
    });
  }
  if (raw.url === '*' && raw.method !== 'OPTIONS') {
    throw new VpcflowError('VF_BAD_PARAMETER', `${raw.method} asks for *, which is no path`, {
      help: 'ask for a path',
    });
  }
  const help = 'escape every parameter once, as UTF-8 (%25 is a percent sign)';
  let text: string;
  try {
    text = decodeURIComponent(raw.url ?? '');
  } catch {
    throw new VpcflowError('VF_BAD_PARAMETER', 'the URL has a percent sign that begins no escape of UTF-8', { help });
  }
  if (text.includes('\0')) throw new VpcflowError('VF_BAD_PARAMETER', 'the URL holds a NUL byte', { help });
}
