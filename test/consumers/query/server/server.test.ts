// What the query server answers on a real socket: bodies, headers, entity tags, and problems.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { ERRORS } from '../../../../schemas/errors.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { GOLDEN, putGoldenStore, putWatermark } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';

const STREAM = '123456789012.eu-west-1.flows';
const SHARD = 'shardId-000000000000';

const { start, path } = serving();

const golden = (name: string): string => readFileSync(join(GOLDEN, `${name}.out`), 'utf8');

describe('answers', () => {
  test.each([
    [`/v1/rows?${HOUR}`, 'all-columns-csv', 'text/csv; charset=utf-8; header=present'],
    [`/v1/rows?${HOUR}&group=interface_id,dstport&format=json`, 'group-json', 'application/json; charset=utf-8'],
    [`/v1/rows?${HOUR}&group=srcaddr&top=2`, 'top-csv', 'text/csv; charset=utf-8; header=present'],
    [
      `/v1/rows?${HOUR}&filter=port%20%3D%2022&format=ndjson&group=minute,srcaddr`,
      'filter-ndjson',
      'application/x-ndjson',
    ],
    [`/v1/rows?${HOUR}&format=log`, 'log', 'text/plain; charset=utf-8'],
    [`/v1/coverage?${HOUR}&format=ndjson`, 'coverage-ndjson', 'application/x-ndjson'],
  ])('GET %s', async (path, name, type) => {
    const { url } = await start();
    const response = await fetch(url + path);
    expect(await response.text()).toBe(golden(name));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(response.headers.get('x-vpcflow-watermark')).toBe('2026-11-20T05:40:00.000Z');
    expect(response.headers.get('x-vpcflow-as-of')).toBe('2026-11-20T06:30:00.000Z');
  });

  test('a plus sign in a time may stand unescaped', async () => {
    const { url } = await start();
    const response = await fetch(
      `${url}/v1/rows?start=2026-11-20T07:00:00+02:00&stop=now+1h&group=srcaddr&format=json`,
    );
    expect(await response.json()).toMatchObject({ start: '2026-11-20T05:00:00Z', stop: '2026-11-20T07:30:00Z' });
  });

  test('relative times, and Accept in place of format', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/rows?start=now-90m&stop=now-30m&group=interface_id,dstport`, {
      headers: { accept: 'text/html;q=0.9, application/json, text/csv;q=0.1' },
    });
    expect(await response.text()).toBe(golden('group-json'));
  });

  test('binary formats have their content types', async () => {
    const { url } = await start();
    for (const [format, type] of [
      ['parquet', 'application/vnd.apache.parquet'],
      ['arrow', 'application/vnd.apache.arrow.stream'],
    ]) {
      const response = await fetch(`${url}/v1/rows?${HOUR}&format=${format}`);
      expect(response.headers.get('content-type')).toBe(type);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
  });

  test('a store that no stream fed is unknown and has no watermark', async () => {
    const { url } = await start({ store: new MemoryStore() });
    const response = await fetch(`${url}/v1/rows?${HOUR}&group=srcaddr&format=json`);
    expect(response.headers.get('x-vpcflow-complete')).toBe('unknown');
    expect(response.headers.get('x-vpcflow-watermark')).toBe('none');
    expect(await response.json()).toMatchObject({ complete: null, watermark: 'none', rows: [] });
  });

  test('HEAD has the headers of GET and no body', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/rows?${HOUR}`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(await response.text()).toBe('');
  });

  test('an answer is 304 until the store changes, and another question has another tag', async () => {
    const changing = new DirectoryStore(path('changing'));
    await putGoldenStore(changing);
    const { url } = await start({ store: changing });
    const address = `${url}/v1/rows?${HOUR}&group=srcaddr`;
    const first = await fetch(address);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{20,}"$/);
    await first.text();
    const again = await fetch(address, { headers: { 'if-none-match': `"x", W/${etag}` } });
    expect(again.status).toBe(304);
    expect(again.headers.get('x-vpcflow-complete')).toBe('false');
    expect(await again.text()).toBe('');
    for (const other of [
      `${address}&format=json`,
      `${address}&filter=port=22`,
      `${address}&filter=port=23`,
      `${address}&top=1`,
      address.replace('srcaddr', 'dstaddr'),
    ]) {
      const response = await fetch(other, { headers: { 'if-none-match': etag } });
      expect(response.status, other).toBe(200);
      await response.text();
    }
    await putWatermark(changing, STREAM, SHARD, '2026-11-20T06:30:00Z');
    const changed = await fetch(address, { headers: { 'if-none-match': etag } });
    expect([changed.status, changed.headers.get('x-vpcflow-complete')]).toEqual([200, 'true']);
    await changed.text();
  });
});

describe('problems', () => {
  test.each([
    ['/v1/rows', 400, 'VF_BAD_PARAMETER', 'start'],
    ['/v1/rows?start=now-1h', 400, 'VF_BAD_PARAMETER', 'stop'],
    ['/v1/rows?start=then&stop=now', 400, 'VF_BAD_TIME', 'then'],
    ['/v1/rows?start=now&stop=now-1h', 400, 'VF_BAD_WINDOW', 'nothing lies between'],
    ['/v1/rows?start=now-500d&stop=now', 422, 'VF_LIMIT', '500 days'],
    [`/v1/rows?${HOUR}&group=bytes`, 400, 'VF_BAD_PARAMETER', 'bytes'],
    [`/v1/rows?${HOUR}&format=xml`, 400, 'VF_BAD_PARAMETER', 'format'],
    [`/v1/rows?${HOUR}&top=0`, 400, 'VF_BAD_PARAMETER', 'top'],
    [`/v1/rows?${HOUR}&colour=red`, 400, 'VF_BAD_PARAMETER', 'colour'],
    [`/v1/rows?${HOUR}&group=srcaddr&group=dstaddr`, 400, 'VF_BAD_PARAMETER', 'group'],
    [`/v1/rows?${HOUR}&filter=port`, 400, 'VF_BAD_FILTER', 'column 5'],
    ['/v1/nothing', 404, 'VF_NOT_FOUND', '/v1/nothing'],
  ])('GET %s is %i %s', async (path, status, code, detail) => {
    const { url } = await start();
    const response = await fetch(url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const type = `urn:vpcflow:error:${code}`;
    expect(await response.json()).toMatchObject({ type, status, code, detail: expect.stringContaining(detail) });
    expect(Object.keys(ERRORS)).toContain(code);
  });
});
