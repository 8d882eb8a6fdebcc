// Serves a worker's metrics and health over HTTP, to this machine only.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import { ERRORS, VpcflowError } from '../../../schemas/errors.ts';
import { listenOn, urlOf } from '../listen.ts';
import { checkOrigin } from '../loopback.ts';
import type { Health } from './health.ts';

const HOST = '127.0.0.1';
const REQUEST_TIMEOUT = 10_000; // ms, for a request to arrive whole

export interface MetricsServer {
  /** `http://127.0.0.1:9090`, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface MetricsSources {
  readonly registry: Registry;
  readonly health: () => Health;
}

/** GET /metrics (Prometheus) and /healthz (JSON; 200 or 503, see Health). */
const answer = async (request: IncomingMessage, { registry, health }: MetricsSources): Promise<Answer> => {
  checkOrigin(request.headers);
  const [path] = (request.url ?? '').split('?', 1);
  const reading = request.method === 'GET' || request.method === 'HEAD';
  if (reading && path === '/metrics') {
    return { status: 200, type: registry.contentType, body: await registry.metrics() };
  }
  if (reading && path === '/healthz') {
    const found = health();
    const status = found.status === 'ok' ? 200 : 503;
    return { status, type: 'application/json', body: `${JSON.stringify(found)}\n` };
  }
  const help = 'there are GET /metrics and GET /healthz';
  throw new VpcflowError('VF_NOT_FOUND', `there is no ${request.method} ${path}`, { help });
};

/** As RFC 9457 has it. */
const problem = (error: unknown): Answer => {
  const known =
    error instanceof VpcflowError ? error : new VpcflowError('VF_ENGINE', `the metrics cannot be told: ${error}`);
  const { code, help, message: detail } = known;
  const { status } = ERRORS[code];
  const type = `urn:vpcflow:error:${code}`;
  return { status, type: 'application/problem+json', body: JSON.stringify({ type, status, detail, code, help }) };
};

/** Listens on 127.0.0.1; port 0 takes a free one. Rejects with VF_PORT_IN_USE, or VF_BIND_REFUSED for other reasons. */
export const startMetricsServer = async (port: number, sources: MetricsSources): Promise<MetricsServer> => {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, async (request, response) => {
    const { status, type, body } = await answer(request, sources).catch(problem);
    response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
  });
  await listenOn(server, { host: HOST, port, named: { host: null, port: '--metrics-port' } });
  return {
    url: urlOf(server, HOST),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections(); // a scrape has no claim to the time of a worker that ends
      await closed;
    },
  };
};
