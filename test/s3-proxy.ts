// An HTTP proxy in front of an S3 server that keeps what was asked, and fails in S3's ways where it is told to.
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { Socket } from 'node:net';

export interface ProxiedRequest {
  readonly method: string;
  readonly bucket: string;
  readonly key: string; // '' of a listing
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/**
 * `answer`: an error of S3. `say`: this answer instead of the server's. `cut`, `stall`: after so many bytes of the body
 * the connection breaks, or nothing comes any more.
 */
export type ProxyFault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code: string;
      readonly message?: string;
      readonly region?: string;
      readonly storageClass?: string;
    }
  | { readonly kind: 'say'; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly kind: 'cut' | 'stall'; readonly after: number };

export interface S3Proxy {
  readonly endpoint: string;
  /** What has been asked, in that order; to be emptied by whoever counts. */
  readonly requests: ProxiedRequest[];
  /** Asked for each request, before it is handed on with the query as it is then; what it returns happens to the answer. */
  fault: (request: ProxiedRequest) => ProxyFault | null | Promise<ProxyFault | null>;
  stop(): Promise<void>;
}

export const isList = ({ method, key }: ProxiedRequest): boolean => method === 'GET' && key === '';

const refuse = (response: ServerResponse, method: string, fault: Extract<ProxyFault, { kind: 'answer' }>): void => {
  const storageClass = fault.storageClass === undefined ? '' : `<StorageClass>${fault.storageClass}</StorageClass>`;
  const message = fault.message ?? `the proxy says ${fault.code}`;
  response.writeHead(fault.status, {
    'content-type': 'application/xml',
    ...(fault.region === undefined ? {} : { 'x-amz-bucket-region': fault.region }),
  });
  const body = `<Error><Code>${fault.code}</Code><Message>${message}</Message>${storageClass}</Error>`;
  response.end(method === 'HEAD' ? undefined : body);
};

export const startS3Proxy = async (port: number): Promise<S3Proxy> => {
  const sockets = new Set<Socket>();

  const relay = (answer: IncomingMessage, response: ServerResponse, fault: ProxyFault | null): void => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    if (fault?.kind !== 'cut' && fault?.kind !== 'stall') {
      answer.pipe(response);
      return;
    }
    let sent = 0;
    answer.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, Math.max(0, fault.after - sent));
      sent += part.length;
      if (part.length > 0) response.write(part);
      if (sent < fault.after || fault.kind === 'stall') return;
      response.write('', () => setImmediate(() => response.socket?.destroy()));
    });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const [, bucket = '', rest = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
    const seen = {
      ...{ method: request.method ?? '', bucket, key: decodeURIComponent(rest) },
      ...{ query: url.searchParams, headers: request.headers },
    };
    here.requests.push(seen);
    const fault = await here.fault(seen);
    if (fault?.kind === 'answer') return refuse(response, seen.method, fault);
    if (fault?.kind === 'say') {
      response.writeHead(200, fault.headers).end(fault.body);
      return;
    }
    const { method, headers } = request;
    const path = `${url.pathname}${url.search}`;
    const onward = send({ host: '127.0.0.1', port, method, path, headers }, (answer) => relay(answer, response, fault));
    onward.on('error', () => response.socket?.destroy());
    request.pipe(onward);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined); // its client went away in the middle
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  const here: S3Proxy = {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests: [],
    fault: () => null,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return here;
};
