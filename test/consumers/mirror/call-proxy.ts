// An HTTP proxy in front of EC2 that counts the calls that change something, and lets a test step in before or after one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const READS = /^(?:Describe|Get)/;

export interface CallProxy {
  readonly endpoint: string;
  /** The actions of all changing calls that came, in that order. */
  readonly changes: readonly string[];
  /** How many other calls were answered. */
  readonly reads: number;
  /** Asked when a changing call arrives, and again when EC2 has answered it; true: the answer never reaches the caller. */
  intervene: (action: string, when: 'before' | 'after') => boolean;
  stop(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

export const startCallProxy = async (upstream: string): Promise<CallProxy> => {
  const changes: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = {
    endpoint: '',
    changes,
    reads: 0,
    intervene: (_action: string, _when: 'before' | 'after'): boolean => false,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const action = new URLSearchParams(body.toString()).get('Action') ?? '';
    const isChange = !READS.test(action);
    if (isChange) changes.push(action);
    if (isChange && proxy.intervene(action, 'before')) return void response.destroy();
    const { host, connection, 'content-length': length, ...headers } = request.headers;
    const answer = await fetch(`${upstream}${request.url}`, {
      ...{ method: request.method ?? 'POST', headers: headers as Record<string, string> },
      body: new Uint8Array(body),
    });
    const said = Buffer.from(await answer.arrayBuffer());
    if (isChange && proxy.intervene(action, 'after')) return void response.destroy();
    if (!isChange) proxy.reads += 1;
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/xml' }).end(said);
  };
  const server = createServer((request, response) => {
    relay(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  proxy.endpoint = `http://127.0.0.1:${address.port}`;
  return proxy;
};
