// Requests as they stand in test/golden/firehose, and what each is answered and brings onto the stream.
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { expectGolden, goldenCases } from '../../golden-files.ts';
import { openEndpoint } from './endpoint.ts';

let endpoint: Awaited<ReturnType<typeof openEndpoint>>;
beforeAll(async () => {
  endpoint = await openEndpoint({ clock: new ManualClock() });
});
afterAll(() => endpoint.close(0));

/** `METHOD PATH`, headers, an empty line and the body, which is compressed where the headers say that it is. */
const send = (text: string): Promise<string> => {
  const end = text.indexOf('\n\n');
  const [first = '', ...lines] = text.slice(0, end).split('\n');
  const [method, path] = first.split(' ');
  const headers = lines.flatMap((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]);
  const plain = text.slice(end + 2);
  const packed = lines.includes('Content-Encoding: gzip') && !lines.includes('X-Test-Plain: 1');
  const body = packed ? gzipSync(plain) : Buffer.from(plain);
  headers.push('Host', 'flows.example', 'Content-Length', String(body.length));
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path ?? '', endpoint.url), { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const told = ['content-type', 'content-length', 'content-encoding', 'allow', 'retry-after', 'location'];
        const shown = told.filter((name) => answer.headers[name] !== undefined);
        const named = shown.map((name) => `${name}: ${answer.headers[name]}\n`).join('');
        resolve(`${answer.statusCode}\n${named}\n${Buffer.concat(chunks)}\n`);
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
};

describe('golden requests', () => {
  for (const { name, input } of goldenCases('firehose')) {
    test(name, async () => {
      endpoint.records.length = 0;
      const answer = await send(input);
      const put = endpoint.records.map(({ partitionKey, data }) => `${partitionKey} ${JSON.stringify(String(data))}\n`);
      expectGolden('firehose', `${name}.out`, `${answer}\n${put.join('')}`);
      expect(answer.startsWith('200')).toBe(name.startsWith('taken'));
      expect(put.length > 0).toBe(name.startsWith('taken'));
    });
  }
});
