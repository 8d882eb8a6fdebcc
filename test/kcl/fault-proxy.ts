// An HTTP proxy in front of a server whose test decides for each request: handed on, held, answered in its place, or cut.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string; // decoded
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What happens to a request: its answer, or a rejection, which cuts the connection. `forward` has the server carry it out. */
export type Decide = (request: ProxiedRequest, forward: () => Promise<ProxiedAnswer>) => Promise<ProxiedAnswer>;

export interface FaultProxy {
  readonly endpoint: string;
  /** From now on. */
  decide: Decide;
  stop(): Promise<void>;
}

/** Hands everything on. */
export const forwardAll: Decide = (_, forward) => forward();

/** An error as DynamoDB says it. */
export const dynamoError = (status: number, name: string): ProxiedAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': name },
  body: Buffer.from(
    JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'as the test asked' }),
  ),
});

/** An error as S3 says it. */
export const s3Error = (status: number, code: string): ProxiedAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as the test asked</Message></Error>`),
});

const whole = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Without what is about one connection only, or about a length that is known again. */
const endToEnd = ({ connection, expect, 'keep-alive': _, 'transfer-encoding': __, ...rest }: IncomingHttpHeaders) =>
  rest;

export const startFaultProxy = async (target: string): Promise<FaultProxy> => {
  const { hostname, port } = new URL(target);
  const forward = (incoming: IncomingMessage, body: Buffer): Promise<ProxiedAnswer> =>
    new Promise((resolve, reject) => {
      const headers = { ...endToEnd(incoming.headers), 'content-length': String(body.length) };
      const outgoing = request({ hostname, port, method: incoming.method, path: incoming.url, headers }, (answer) => {
        whole(answer).then(
          (bytes) => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: bytes }),
          reject,
        );
      });
      outgoing.on('error', reject).end(body);
    });
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await whole(incoming);
      const asked = {
        method: incoming.method ?? '',
        path: decodeURIComponent(incoming.url ?? ''),
        headers: incoming.headers,
        body,
      };
      const { status, headers, body: bytes } = await proxy.decide(asked, () => forward(incoming, body));
      // The answer to a HEAD has a length and no body.
      const length = asked.method === 'HEAD' ? {} : { 'content-length': String(bytes.length) };
      response.writeHead(status, { ...endToEnd(headers), ...length }).end(bytes);
    } catch {
      response.destroy();
    }
  };
  const server = createServer((incoming, response) => void serve(incoming, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${address.port}`,
    decide: forwardAll,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
};
