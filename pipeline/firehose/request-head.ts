// Turns the method, path and headers of a request into what Firehose wants, or into why it is not taken.
// https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
import { type AccessKeys, isAccessKey } from './access-keys.ts';
import { parseCommonAttributes } from './common-attributes.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';

/** Names in lower case; a header that came twice is one text with commas. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface RequestHead {
  readonly requestId: string;
  readonly gzip: boolean;
  /** As declared, of the body as it is sent; null where it is not. */
  readonly length: number | null;
  /** What goes before the lines of each record; null: nothing. */
  readonly headerLine: string | null;
}

/** With what the partition key has around it, well below the 256 characters of a partition key. */
const MAX_ID = 200;
const PATHS = new Set(['/', '/firehose']);
const PROTOCOL = '1.0';

const header = (headers: Headers, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
};

/** What every answer repeats, whatever the request is worth. */
export const requestIdOf = (headers: Headers): string => header(headers, 'x-amz-firehose-request-id') ?? '';

const contentLength = (headers: Headers): number | null => {
  const text = header(headers, 'content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
};

export interface RequestRules {
  /** Null: none is configured, and everybody is let in. */
  readonly keys: AccessKeys | null;
  /** What is done about a declared field that this version does not know. */
  readonly unknownFields: 'refuse' | 'skip';
}

/**
 * What of a request can be judged before its body is read, in this order: path, method, key, headers. The first that is
 * wrong is the refusal (404, 405, 401, 400); nothing is thrown.
 */
export const planRequest = (
  method: string,
  path: string,
  headers: Headers,
  { keys, unknownFields }: RequestRules,
): RequestHead | Refusal => {
  if (!PATHS.has(path)) return refuse(404, 'there are POST /firehose, GET /healthz and GET /readyz');
  if (method !== 'POST') return refuse(405, `${method} is not answered here: Firehose sends POST`);
  if (keys !== null) {
    const key = header(headers, 'x-amz-firehose-access-key');
    if (key === undefined) return refuse(401, 'the header X-Amz-Firehose-Access-Key is missing');
    if (!isAccessKey(keys, key)) return refuse(401, 'the access key is none of those that are allowed');
  }
  const protocol = header(headers, 'x-amz-firehose-protocol-version');
  if (protocol === undefined) return refuse(400, 'the header X-Amz-Firehose-Protocol-Version is missing');
  if (protocol !== PROTOCOL)
    return refuse(400, `the protocol version ${JSON.stringify(protocol.slice(0, 100))} is not ${PROTOCOL}`);
  const requestId = requestIdOf(headers);
  if (requestId === '') return refuse(400, 'the header X-Amz-Firehose-Request-Id is missing');
  if (requestId.length > MAX_ID) return refuse(400, `the request id is longer than ${MAX_ID} characters`);
  if (!/^[!-~]+$/.test(requestId)) return refuse(400, 'the request id has characters that are none of an id');
  const encoding = (header(headers, 'content-encoding') ?? 'identity').trim().toLowerCase();
  if (encoding !== 'gzip' && encoding !== 'identity')
    return refuse(400, `the content encoding ${JSON.stringify(encoding.slice(0, 100))} is not gzip`);
  const declared = parseCommonAttributes(header(headers, 'x-amz-firehose-common-attributes'), unknownFields);
  if (isRefusal(declared)) return declared;
  return { requestId, gzip: encoding === 'gzip', length: contentLength(headers), headerLine: declared.headerLine };
};
