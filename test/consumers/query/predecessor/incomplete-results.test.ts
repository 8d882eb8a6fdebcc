// Results of windows that were not complete: kept, told of, and made again when there is more to tell.
import { describe, expect, test } from 'vitest';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { resultKey, windowId } from '../../../../pipeline/predecessor/window-id.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { putGoldenStore, putWatermark } from '../golden-store.ts';
import { serving } from '../serving.ts';
import { ask, digestOf, fetchResult, keysOf, windowQuery } from './client.ts';

const { start, path } = serving();

const WINDOW = { start: Date.parse('2026-11-20T05:00:00Z'), stop: Date.parse('2026-11-20T06:00:00Z') };
const HOUR = windowQuery('2026-11-20T05:00:00Z', '2026-11-20T06:00:00Z');
/** Complete: the golden watermark is 05:40, and 20 minutes is what late lines get. */
const QUARTER = windowQuery('2026-11-20T05:00:00Z', '2026-11-20T05:15:00Z');
const [STREAM, SHARD] = ['123456789012.eu-west-1.flows', 'shardId-000000000000'];

let stores = 0;
async function goldenStore(): Promise<ObjectStore> {
  stores += 1;
  const store = new DirectoryStore(path(`store-${stores}`));
  await putGoldenStore(store);
  return store;
}

const shards = async (store: ObjectStore): Promise<string[]> => {
  const names = (await keysOf(store, `watermarks/${STREAM}/`)).map((key) => key.slice(key.lastIndexOf('/') + 1, -5));
  return names.filter((name) => name !== 'shards');
};

describe('a window', () => {
  test('that was not complete is made again once it is, and not before', async () => {
    const store = await goldenStore();
    const { url } = await start({ store });
    const early = await fetchResult(`${url}/digest`, HOUR);
    expect(early.headers['x-vpcflow-complete']).toBe('false');
    await putWatermark(store, STREAM, SHARD, '2026-11-20T06:19:00Z');
    expect((await ask('POST', `${url}/digest?${HOUR}`)).status).toBe(409);
    for (const shard of await shards(store)) await putWatermark(store, STREAM, shard, '2026-11-20T06:20:00Z');
    expect((await ask('POST', `${url}/digest?${HOUR}`)).status).toBe(202);
    const late = await fetchResult(`${url}/digest`, HOUR);
    expect(late.headers['x-vpcflow-complete']).toBe('true');
    expect((await ask('POST', `${url}/digest?${HOUR}`)).status).toBe(409);
    expect(await keysOf(store, 'windows/')).toEqual([resultKey('digest', windowId('digest', WINDOW))]);
  });

  test('of a store without streams is made again when its objects are others', async () => {
    const whole = await goldenStore();
    const store = new DirectoryStore(path('without-streams'));
    const sources = await keysOf(whole, 'digests/');
    const copy = async (key: string) => store.put(key, (await whole.get(key))?.body ?? Buffer.alloc(0));
    await copy(sources[0]);
    const { url } = await start({ store });
    const first = await fetchResult(`${url}/digest`, HOUR);
    expect(first.headers['x-vpcflow-complete']).toBe('unknown');
    expect((await ask('POST', `${url}/digest?${HOUR}`)).status).toBe(409);
    for (const key of sources.slice(1)) await copy(key);
    expect((await ask('POST', `${url}/digest?${HOUR}`)).status).toBe(202);
    const second = await fetchResult(`${url}/digest`, HOUR);
    expect(digestOf(second).length).toBeGreaterThan(digestOf(first).length);
  });
});

describe('an object that cannot be read', () => {
  test.each([
    ['is no Parquet', (body: Buffer) => Buffer.from('x'.repeat(body.length))],
    ['has a damaged page', (body: Buffer) => Buffer.concat([body.subarray(0, 4), Buffer.alloc(40), body.subarray(44)])],
  ])('because it %s is left out; once it can be the result is made again', async (_name, damage) => {
    const store = await goldenStore();
    const [key] = await keysOf(store, 'digests/date=2026-11-20/hour=05/');
    const whole = (await store.get(key))?.body ?? Buffer.alloc(0);
    await store.put(key, damage(whole));
    const { url } = await start({ store });
    const part = await fetchResult(`${url}/digest`, QUARTER);
    expect(part.headers['x-vpcflow-complete']).toBe('false');
    expect((await ask('POST', `${url}/digest?${QUARTER}`)).status).toBe(409);
    await store.put(key, whole);
    expect((await ask('POST', `${url}/digest?${QUARTER}`)).status).toBe(202);
    const result = await fetchResult(`${url}/digest`, QUARTER);
    expect(result.headers['x-vpcflow-complete']).toBe('true');
    expect(digestOf(result).length).toBeGreaterThan(digestOf(part).length);
  });
});
