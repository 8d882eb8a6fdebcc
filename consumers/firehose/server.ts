// The HTTP server that Firehose delivers to, as a load balancer needs it: health, keep-alive, an end that loses nothing.
// Node's own server, because a body has to be measured while it is decompressed, and every answer has Firehose's shape.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isRefusal, refuse } from '../../pipeline/firehose/refusal.ts';
import { requestIdOf } from '../../pipeline/firehose/request-head.ts';
import { responseBody } from '../../pipeline/firehose/response.ts';
import type { Meter } from '../../schemas/metrics.ts';
import { listenOn, urlOf } from '../shared/listen.ts';
import type { Log } from '../shared/log.ts';
import type { FailureLog } from './failure-log.ts';
import { handleRequest, type Outcome, pathOf, type RequestServices } from './handle-request.ts';

/** Longer than an Application Load Balancer keeps an idle connection (60 s): who closes first loses no request. */
const KEEP_ALIVE_MS = 75_000;
const HEAD_MS = 30_000;
/** For what is left of a body when its request is answered already. */
const REQUEST_MS = 150_000;
/** Fifty attributes of 256 + 1024 characters, and a key of 4096 bytes. */
const MAX_HEAD_BYTES = 256 * 1024;
const MAX_REQUESTS = 256;
/** For the requests that are in work when the listener closes: a body and a put take no longer. */
const FINISH_MS = 60_000;
const RETRY_AFTER_S = '5';
const HEALTH_PATHS = new Set(['/healthz', '/readyz']);

export interface EndpointOptions extends Omit<RequestServices, 'stopping'> {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether the stream could be reached lately. */
  readonly ready: () => Promise<boolean>;
  readonly meter: Meter;
  readonly failures: FailureLog;
  readonly log: Log;
}

export interface Endpoint {
  /** `http://127.0.0.1:8081`, without a slash at its end. */
  readonly url: string;
  /** Is not ready from now on, takes requests for `drain` ms, then no more, and resolves when the last one is answered. */
  close(drain: number): Promise<void>;
}

class FirehoseServer implements Endpoint {
  readonly #options: EndpointOptions;
  readonly #server: Server;
  readonly #stopping = new AbortController();
  #draining = false;
  #held = 0; // requests

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: HEAD_MS,
        requestTimeout: REQUEST_MS,
        maxHeaderSize: MAX_HEAD_BYTES,
      },
      (request, response) => {
        response.on('error', () => {}); // the client has left: what it sent counts once all the same
        const isHealth = HEALTH_PATHS.has(pathOf(request)) && ['GET', 'HEAD'].includes(request.method ?? '');
        void (isHealth ? this.#answerHealth(request, response) : this.#answer(request, response));
      },
    );
  }

  get url(): string {
    return urlOf(this.#server, this.#options.host);
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await listenOn(this.#server, { host, port, named: { host: '--host', port: '--port' } });
  }

  async close(drain: number): Promise<void> {
    const { clock } = this.#options;
    this.#draining = true;
    await clock.sleep(drain);
    const closed = once(this.#server, 'close');
    this.#server.close(); // and the idle connections
    const finished = new AbortController();
    void clock.sleep(FINISH_MS, finished.signal).then(() => {
      if (!finished.signal.aborted) this.#stopping.abort(); // each is answered 503
    });
    while (this.#held > 0) await once(this.#server, 'answered');
    finished.abort();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { meter, clock } = this.#options;
    const began = clock.now();
    this.#held += 1;
    // The response's own `close`, because it comes also when the client leaves in the middle.
    response.once('close', () => {
      this.#held -= 1;
      this.#server.emit('answered');
    });
    const outcome = await this.#outcome(request);
    if (outcome === null) {
      meter.count('deliveries', 1, { status: 'left' });
      response.destroy();
    } else {
      const status = isRefusal(outcome) ? outcome.refused : 200;
      meter.count('deliveries', 1, { status: String(status) });
      meter.observe('deliverySeconds', (clock.now() - began) / 1000, {});
      this.#tell(request, outcome);
      this.#send(request, response, status, isRefusal(outcome) ? outcome.why : null);
    }
  }

  async #outcome(request: IncomingMessage): Promise<Outcome> {
    if (this.#held > MAX_REQUESTS) return refuse(503, `this endpoint already holds ${MAX_REQUESTS} requests`);
    try {
      return await handleRequest(request, { ...this.#options, stopping: this.#stopping.signal });
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.log.error({ error: detail }, 'a request failed by a mistake of ours');
      return refuse(500, 'the endpoint failed');
    }
  }

  #tell(request: IncomingMessage, outcome: Exclude<Outcome, null>): void {
    const { meter, failures } = this.#options;
    if (!isRefusal(outcome)) {
      meter.count('delivered', outcome.records, {});
      meter.count('deliveredBytes', outcome.bytes, {});
      return;
    }
    const source = request.headers['x-amz-firehose-source-arn'];
    const fields = { status: outcome.refused, request: requestIdOf(request.headers).slice(0, 256), source };
    failures.add(fields, `a request was not taken: ${outcome.detail ?? outcome.why}`);
  }

  #send(request: IncomingMessage, response: ServerResponse, status: number, why: string | null): void {
    const body = responseBody(requestIdOf(request.headers), this.#options.clock.now(), why);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(status === 503 ? { 'retry-after': RETRY_AFTER_S } : {}),
      ...(status === 405 ? { allow: 'POST' } : {}),
      ...(this.#draining || status === 408 ? { connection: 'close' } : {}),
    });
    response.end(request.method === 'HEAD' ? '' : body);
  }

  /** /healthz: the process lives. /readyz: it is of use to send it requests. */
  async #answerHealth(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isLive = pathOf(request) === '/healthz';
    const found = isLive ? 'ok' : this.#draining ? 'draining' : (await this.#options.ready()) ? 'ok' : 'no stream';
    const body = `${JSON.stringify({ status: found })}\n`;
    response.writeHead(found === 'ok' ? 200 : 503, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(this.#draining ? { connection: 'close' } : {}),
    });
    response.end(request.method === 'HEAD' ? '' : body);
  }
}

/** Starts listening. Rejects with VF_PORT_IN_USE, or VF_BIND_REFUSED for other reasons. */
export const startEndpoint = async (options: EndpointOptions): Promise<Endpoint> => {
  const server = new FirehoseServer(options);
  await server.listen();
  return server;
};
