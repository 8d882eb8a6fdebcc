// A client of the predecessors' API, written as theirs are: POST, then GET until 200; any other code is a failure.
import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { until } from '../../../until.ts';
import { ask as rawRequest } from '../server/raw-request.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came: nothing is decoded. */
  readonly body: Buffer;
}

/** One request with an empty body, as Go's client sends it. */
export async function ask(method: string, url: string, body?: string): Promise<Answer> {
  const length = body === undefined && method === 'POST' ? { 'content-length': '0' } : {};
  const headers = { 'user-agent': 'Go-http-client/1.1', 'accept-encoding': 'gzip', ...length };
  const answer = await rawRequest(url, { method, headers, body: body ?? '' });
  return { status: answer.status, headers: answer.headers, body: answer.bytes };
}

/** `start` and `stop` in RFC 3339 with nanoseconds, as a query. */
export const windowQuery = (start: string, stop: string): string =>
  String(new URLSearchParams({ start: start.replace('Z', '.000000001Z'), stop: stop.replace('Z', '.999999999Z') }));

/** The body once it is there. Rejects on any code that their clients take for a failure. */
export async function fetchResult(base: string, query: string): Promise<Answer> {
  const posted = await ask('POST', `${base}?${query}`);
  if (posted.status !== 202 && posted.status !== 409) throw new Error(`POST: ${posted.status} ${posted.body}`);
  return until('a 200', async () => {
    const answer = await ask('GET', `${base}?${query}`);
    if (answer.status === 200) return answer;
    if (answer.status !== 204) throw new Error(`GET: ${answer.status} ${answer.body}`);
    return null;
  });
}

/** The lines of a digest, as their gzip reader gives them: it fails on what is compressed twice. */
export const digestOf = (answer: Answer): string => gunzipSync(answer.body).toString();

/** The keys that begin with `prefix`. */
export const keysOf = async (store: ObjectStore, prefix: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
};
