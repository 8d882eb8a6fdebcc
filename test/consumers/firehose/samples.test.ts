// Requests of other projects and of AWS's own pages, from beside the repository, through the endpoint.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { decodeRecords } from '../../pipeline/decode/decoded.ts';
import { requirement } from '../../requirements.ts';
import { openEndpoint } from './endpoint.ts';
import { closeConnections, headersOf, post } from './firehose-client.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples/firehose');
const available = requirement(
  'the sample directory ../shared',
  existsSync(SAMPLES),
  'delivers requests of other projects',
);
const sample = (file: string): string => readFileSync(join(SAMPLES, file), 'utf8');

let endpoint: Awaited<ReturnType<typeof openEndpoint>>;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
afterAll(async () => {
  closeConnections();
  await endpoint.close(0);
});
afterEach(() => {
  endpoint.records.length = 0;
});

const send = async (body: string, more: Readonly<Record<string, string>> = {}): Promise<readonly [number, unknown]> => {
  const requestId = /"requestId":\s*"([^"]*)"/.exec(body)?.[1] ?? 'none';
  const answer = await post(endpoint.url, { ...headersOf({ requestId, records: [] }), ...more }, Buffer.from(body));
  return [answer.status, JSON.parse(answer.body).errorMessage];
};

test.skipIf(!available).each(['vector/cue-example-request.json', 'vector/guide-block-1.json'])(
  'a real request goes on the stream as it is: %s',
  async (file) => {
    expect(await send(sample(file))).toEqual([200, undefined]);
    const [record] = endpoint.records;
    expect(record?.partitionKey).toBe('fh:ed1d787c-b9e2-4631-92dc-8e7c9d26d804:0');
    const data = Buffer.from(record?.data ?? []);
    expect(JSON.parse(gunzipSync(data).toString())).toMatchObject({
      messageType: 'DATA_MESSAGE',
      owner: expect.stringMatching(/^\d{12}$/),
    });
    const { counts } = await decodeRecords([data]);
    expect(counts).toMatchObject({ envelopes: 1, lines: 2, rejects: { total: 2, lines: 2 } }); // of a web server
  },
);

test.skipIf(!available)("AWS's own example is taken, once the comma is there that it lacks", async () => {
  const text = sample('aws-docs/httpdelivery-block-4.json.txt');
  expect(await send(text)).toEqual([400, 'the body is no JSON object in UTF-8']);
  const attributes = JSON.stringify(JSON.parse(`{${sample('aws-docs/httpdelivery-block-2.json.txt')}}`));
  const mended = text.replace('1578090901599', '1578090901599,');
  expect(await send(mended, { 'X-Amz-Firehose-Common-Attributes': attributes })).toEqual([200, undefined]);
  expect(endpoint.records.map(({ data }) => String(Buffer.from(data)))).toEqual(['hello', 'hello world']);
});

test.skipIf(!available)('an example that shows what the data decode to is none of a request', async () => {
  expect(await send(sample('aws-docs/httpdelivery-block-7.json.txt'))).toEqual([400, 'record 0 has no data']);
});

test.skipIf(!available).each(['firehose-put.json', 'firehose-sqs.json', 'firehose-sqs-invalid.json', 'firehose.json'])(
  'an event that Firehose sends to a Lambda function is none of a request: %s',
  async (file) => {
    const why = 'the requestId of the body is not that of the header X-Amz-Firehose-Request-Id';
    expect(await send(sample(`powertools-typescript/${file}`))).toEqual([400, why]);
    expect(endpoint.records).toEqual([]);
  },
);
