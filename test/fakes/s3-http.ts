// A bucket in memory behind real HTTP, as S3 speaks it, that can fail in S3's ways at any single request.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { compareKeys } from '../../consumers/shared/store/key.ts';

/**
 * What a request meets. `-before`: it is not carried out; `-after`: it is, and its client does not learn it. `cut`: the
 * connection breaks; `hang`: no answer ever comes; `truncated`: half of the answer comes, then the connection breaks.
 */
export type S3Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code: string;
      readonly after?: boolean;
      readonly region?: string;
    }
  | { readonly kind: 'cut-before' | 'cut-after' | 'hang-before' | 'hang-after' | 'truncated' };

export interface S3Request {
  readonly method: string;
  readonly key: string; // of a listing its prefix
  readonly headers: IncomingMessage['headers'];
}

interface Stored {
  readonly body: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface S3Http {
  readonly endpoint: string;
  readonly bucket: string;
  /** What the bucket holds; shared with other servers that are given the same one. */
  readonly objects: Map<string, Stored>;
  /** Asked for each request, once it has arrived whole. */
  fault: (request: S3Request) => S3Fault | null;
  /** Where set, answers say that it is so much later (ms) than here. */
  ahead: number;
  /** Cuts the connections of what hangs. */
  release(): void;
  stop(): Promise<void>;
}

const text = (value: string): string => value.replace(/[<>&'"]/g, (c) => `&#${c.charCodeAt(0)};`);

const xml = (status: number, content: string, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { ...headers, 'content-type': 'application/xml' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`),
});

/** `region`: where the bucket is, as S3 says it with a redirect. */
const refusal = (status: number, code: string, region?: string): Answer =>
  xml(
    status,
    `<Error><Code>${code}</Code><Message>the fake says ${code}</Message><RequestId>1</RequestId></Error>`,
    region === undefined ? {} : { 'x-amz-bucket-region': region },
  );

const put = (objects: Map<string, Stored>, key: string, body: Buffer, headers: IncomingMessage['headers']): Answer => {
  const there = objects.get(key);
  const { 'if-none-match': none, 'if-match': match } = headers;
  if (none !== undefined && there !== undefined) return refusal(412, 'PreconditionFailed');
  if (match !== undefined && there === undefined) return refusal(404, 'NoSuchKey');
  if (match !== undefined && there?.etag !== match) return refusal(412, 'PreconditionFailed');
  const etag = `"${createHash('md5').update(body).digest('hex')}"`;
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  objects.set(key, { body, etag, metadata: Object.fromEntries(metadata.map(([name, value]) => [name, `${value}`])) });
  return { status: 200, headers: { etag } };
};

const get = (objects: Map<string, Stored>, key: string): Answer => {
  const there = objects.get(key);
  if (there === undefined) return refusal(404, 'NoSuchKey');
  return { status: 200, headers: { etag: there.etag, ...there.metadata }, body: there.body };
};

const list = (objects: Map<string, Stored>, query: URLSearchParams): Answer => {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const most = Number(query.get('max-keys') ?? 1000);
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0);
  const page = keys.sort(compareKeys).slice(0, most);
  const rest =
    keys.length > page.length ? `<NextContinuationToken>${text(page.at(-1) ?? '')}</NextContinuationToken>` : '';
  const contents = page.map((key) => {
    const { body, etag } = objects.get(key)!;
    return `<Contents><Key>${text(key)}</Key><ETag>${text(etag)}</ETag><Size>${body.length}</Size></Contents>`;
  });
  return xml(
    200,
    `<ListBucketResult><IsTruncated>${rest !== ''}</IsTruncated>${rest}${contents.join('')}</ListBucketResult>`,
  );
};

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** A server on the loopback with one empty bucket, or with the given objects. */
export const startS3Http = async (objects: Map<string, Stored> = new Map()): Promise<S3Http> => {
  const bucket = 'flow-logs';
  let requests = 0;
  const sockets = new Set<Socket>();
  const hanging = new Set<Socket>();

  const carryOut = (
    method: string,
    key: string,
    query: URLSearchParams,
    body: Buffer,
    request: IncomingMessage,
  ): Answer => {
    if (key === '' && method === 'GET' && query.get('list-type') === '2') return list(objects, query);
    if (key !== '' && method === 'PUT') return put(objects, key, body, request.headers);
    if (key !== '' && (method === 'GET' || method === 'HEAD')) return get(objects, key);
    if (key === '' || method !== 'DELETE') return refusal(501, 'NotImplemented');
    objects.delete(key);
    return { status: 204 };
  };

  const send = (response: ServerResponse, method: string, answer: Answer, whole: boolean): void => {
    const body = answer.body ?? Buffer.alloc(0);
    const length = answer.status === 204 ? {} : { 'content-length': String(body.length + (whole ? 0 : 1)) };
    response.sendDate = false;
    response.writeHead(answer.status, {
      date: new Date(Date.now() + here.ahead).toUTCString(),
      'x-amz-request-id': String(requests),
      ...answer.headers,
      ...length,
    });
    if (whole) response.end(method === 'HEAD' ? undefined : body);
    else response.write(body.subarray(0, body.length >> 1), () => response.socket?.destroy());
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? '';
    const url = new URL(request.url ?? '', 'http://localhost');
    const [, first, path = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
    const key = decodeURIComponent(path);
    const body = await bodyOf(request);
    if (first !== bucket) return send(response, method, refusal(404, 'NoSuchBucket'), true);
    requests++;
    const fault = here.fault({ method, key: key || (url.searchParams.get('prefix') ?? ''), headers: request.headers });
    if (fault?.kind === 'cut-before') return void response.socket?.destroy();
    if (fault?.kind === 'hang-before') return void hanging.add(request.socket);
    if (fault?.kind === 'answer' && fault.after !== true) {
      return send(response, method, refusal(fault.status, fault.code, fault.region), true);
    }
    const answer = carryOut(method, key, url.searchParams, body, request);
    if (fault?.kind === 'hang-after') return void hanging.add(request.socket);
    if (fault?.kind === 'cut-after') return void response.socket?.destroy();
    if (fault?.kind === 'answer') return send(response, method, refusal(fault.status, fault.code, fault.region), true);
    send(response, method, answer, fault === null);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy()); // its client went away in the middle
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  const here: S3Http = {
    endpoint: `http://127.0.0.1:${address.port}`,
    bucket,
    objects,
    fault: () => null,
    ahead: 0,
    release: () => {
      for (const socket of hanging) socket.destroy();
      hanging.clear();
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return here;
};
