// Fills a store with the rows, coverage and watermarks that the golden outputs of rows and coverage were made from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serialize } from '../../../pipeline/documents.ts';
import { shardsKey, watermarkKey } from '../../../pipeline/keys.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import type { Row } from '../../fakes/parquet-rows.ts';
import { putRows } from './store-of-rows.ts';

export const GOLDEN = join(import.meta.dirname, '../../golden/rows');
/** Half an hour after the golden window. */
export const NOW = Date.parse('2026-11-20T06:30:00Z');

interface Fixture {
  readonly watermarks: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly digests: Readonly<Record<string, readonly Row[]>>;
  readonly coverage: Readonly<Record<string, readonly Row[]>>;
}

/** Integers past 2^53 in the fixture stay exact. */
function readFixture(): Fixture {
  const text = readFileSync(join(GOLDEN, 'store.json'), 'utf8');
  const reviver = (_key: string, value: unknown, context: { readonly source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) ? BigInt(context.source ?? '') : value;
  // The reviver's third argument is newer than TypeScript's declaration of it.
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

export async function putGoldenStore(store: ObjectStore): Promise<void> {
  const fixture = readFixture();
  for (const table of ['digests', 'coverage'] as const) {
    for (const [source, rows] of Object.entries(fixture[table])) await putRows(store, table, source, rows);
  }
  for (const [stream, shards] of Object.entries(fixture.watermarks)) {
    const listed = Object.keys(shards).map((shard) => ({ shard, parents: [], closed: false }));
    await store.put(shardsKey(stream), serialize({ kind: 'shards', shards: listed }));
    for (const [shard, time] of Object.entries(shards)) await putWatermark(store, stream, shard, time);
  }
}

export async function putWatermark(store: ObjectStore, stream: string, shard: string, time: string): Promise<void> {
  const document = { watermark: Date.parse(time), link: null, last: '0', ended: false, children: [] };
  await store.put(watermarkKey(stream, shard), serialize({ kind: 'watermark', ...document }));
}
