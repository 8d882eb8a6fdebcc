// Sends requests as Amazon Data Firehose does, and judges the answers as it does: only a 200 with the right body is success.
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { gzipSync } from 'node:zlib';

export const KEY = 'first-key';

export interface Batch {
  readonly requestId: string;
  readonly records: readonly Uint8Array[];
  readonly gzip?: boolean;
  /** LogFormat of the common attribute vpcflow-format. */
  readonly format?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export const bodyOf = ({ requestId, records }: Batch, timestamp = 1_578_090_901_599): Buffer =>
  Buffer.from(
    JSON.stringify({
      requestId,
      timestamp,
      records: records.map((data) => ({ data: Buffer.from(data).toString('base64') })),
    }),
  );

export const headersOf = ({ requestId, gzip = false, format }: Batch, key: string | null = KEY) => ({
  'X-Amz-Firehose-Protocol-Version': '1.0',
  'X-Amz-Firehose-Request-Id': requestId,
  'X-Amz-Firehose-Source-Arn': 'arn:aws:firehose:us-east-1:123456789012:deliverystream/flows',
  'Content-Type': 'application/json',
  ...(key === null ? {} : { 'X-Amz-Firehose-Access-Key': key }),
  ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
  ...(format === undefined
    ? {}
    : { 'X-Amz-Firehose-Common-Attributes': JSON.stringify({ commonAttributes: { 'vpcflow-format': format } }) }),
});

const agent = new Agent({ keepAlive: true });

export const closeConnections = (): void => agent.destroy();

/** The answer; rejects where the connection ends before it is whole. `begin` is given the request before its body. */
export const post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | ((outgoing: ClientRequest) => void),
  { method = 'POST', path = '/firehose' }: { readonly method?: string; readonly path?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const length: Record<string, number> = typeof body === 'function' ? {} : { 'Content-Length': body.length };
    const outgoing = request(new URL(path, url), { method, headers: { ...headers, ...length }, agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on('error', reject);
    if (typeof body === 'function') body(outgoing);
    else outgoing.end(body);
  });

export const get = (url: string, path: string, method = 'GET'): Promise<Answer> =>
  post(url, {}, (outgoing) => void outgoing.end(), { method, path });

/** One attempt. */
export const deliver = (url: string, batch: Batch, key: string | null = KEY): Promise<Answer> => {
  const body = bodyOf(batch);
  return post(url, headersOf(batch, key), batch.gzip ? gzipSync(body) : body);
};

/** Whether Firehose would take the answer for success: status, type, and a body that names the request. */
export const isSuccess = (batch: Batch, { status, headers, body }: Answer): boolean => {
  if (status !== 200 || headers['content-type'] !== 'application/json') return false;
  if (headers['content-encoding'] !== undefined || headers['content-length'] !== String(Buffer.byteLength(body)))
    return false;
  const told: unknown = JSON.parse(body);
  if (typeof told !== 'object' || told === null || !('requestId' in told) || !('timestamp' in told)) return false;
  return told.requestId === batch.requestId && typeof told.timestamp === 'number';
};
