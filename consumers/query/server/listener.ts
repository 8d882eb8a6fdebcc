// Makes the HTTP or HTTPS server below the application: its limits, and an answer to what is not even a request.
import { randomUUID } from 'node:crypto';
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { ERRORS, type ErrorCode, VpcflowError } from '../../../schemas/errors.ts';
import { REQUEST_ID } from './access-log.ts';
import { everyHeader } from './guard.ts';
import { PROBLEM_TYPE, problemHeaders, problemOf } from './problem.ts';
import type { TlsPair } from './tls-files.ts';

const REQUEST_TIMEOUT = 30_000; // ms

const limits = (requestTimeout: number): ServerOptions => ({
  /** For a request line with its headers; the catalogue says this number. */
  maxHeaderSize: 16 * 1024,
  /** For the request to arrive whole; its line and headers have half of it. */
  requestTimeout,
  headersTimeout: requestTimeout / 2,
  connectionsCheckingInterval: Math.min(5000, requestTimeout / 2), // ms
  /** Longer than a load balancer keeps an idle connection (60 s): who closes first loses no request. */
  keepAliveTimeout: 75_000, // ms
  requireHostHeader: false, // the guard says it in a problem document
});

/** What is left of a request that was refused is read for so long, so that its client reads the answer first. */
const LINGER_MS = 1000;

export interface ListenerOptions {
  readonly pair: TlsPair | null;
  readonly requestTimeout: number | undefined; // ms
  /** Told of what was refused before it was a request: what it was, and the address that it came from. */
  readonly refused: (error: VpcflowError, requestId: string, client: string | undefined) => void;
}

export interface Listener {
  readonly server: Server;
  /** Connections from here on are made with this pair. */
  renew(pair: TlsPair): void;
}

const secure = ({ cert, key }: TlsPair) => ({ cert, key, minVersion: 'TLSv1.2' }) as const;

export function createListener(
  handler: RequestListener,
  { pair, requestTimeout = REQUEST_TIMEOUT, refused }: ListenerOptions,
): Listener {
  const options = limits(requestTimeout);
  const tls: TlsServer | null = pair === null ? null : createTlsServer({ ...options, ...secure(pair) }, handler);
  const server: Server = tls ?? createServer(options, handler);
  const open = new WeakMap<Socket, ServerResponse>();
  server.on('request', (request, response) => open.set(request.socket, response));
  server.on('checkExpectation', handler); // an expectation that is not known may be ignored (RFC 9110, 10.1.1)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const response = open.get(socket);
    const begun = response?.headersSent === true && !response.writableFinished;
    if (!socket.writable || begun || error.code === 'ECONNRESET') return void socket.destroy();
    const known = refusalOf(error.code ?? '');
    const id = randomUUID();
    refused(known, id, socket.remoteAddress);
    socket.end(rawProblem(known, id, tls !== null));
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
  return { server, renew: (next) => tls?.setSecureContext(secure(next)) };
}

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['VF_TOO_LARGE', 'the request line and its headers are too long'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['VF_BODY_TOO_LARGE', 'the extensions of a chunk are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['VF_SLOW_REQUEST', 'the request did not arrive in time'],
  HPE_INVALID_METHOD: ['VF_METHOD', 'this is no method of HTTP'],
};

function refusalOf(code: string): VpcflowError {
  const [known, message] = CODES[code] ?? ['VF_BAD_PARAMETER', `this is no HTTP request (${code})`];
  return new VpcflowError(known, message);
}

/** A whole answer as it goes over the wire, where there is no request to answer. */
function rawProblem(error: VpcflowError, id: string, isTls: boolean): string {
  const { status } = ERRORS[error.code];
  const body = JSON.stringify(problemOf(error, id));
  const headers: Record<string, string | number> = {
    ...everyHeader(isTls),
    ...problemHeaders(error.code),
    [REQUEST_ID]: id,
    ...(error.code === 'VF_METHOD' ? { allow: 'GET, HEAD, POST, OPTIONS' } : {}),
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}
