// Windows over real Parquet files: what is listed, what is read, what is cached, and which columns there are.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openQueryService, type QueryService } from '../../../../../consumers/shared/query/service.ts';
import type { WindowSource } from '../../../../../consumers/shared/query/window/window-source.ts';
import { DirectoryStore } from '../../../../../consumers/shared/store/directory.ts';
import { COVERAGE_COLUMNS, DIGEST_COLUMNS } from '../../../../../schemas/columns.ts';
import type { Window } from '../../../../../schemas/query.ts';
import type { ObjectStore } from '../../../../../schemas/store.ts';
import { ManualClock } from '../../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../../fakes/memory-store.ts';
import { parquetRows, type Row } from '../../../../fakes/parquet-rows.ts';

const at = (text: string): number => Date.parse(`2026-11-${text}Z`);
const window = (start: string, stop: string): Window => ({ start: at(start), stop: at(stop) });

const flow = (minute: string, bytes: number, more: Row = {}): Row => ({
  ...{ minute: `2026-11-${minute}Z`, interface_id: 'eni-1', flows: 1, bytes },
  ...more,
});

const OBJECTS: Readonly<Record<string, readonly Row[]>> = {
  'digests/date=2026-11-20/hour=04/a.parquet': [flow('20T04:59:00', 1)],
  'digests/date=2026-11-20/hour=05/a.parquet': [flow('20T05:00:00', 10), flow('20T05:30:00', 100, { vpc_id: 'vpc-1' })],
  'digests/date=2026-11-20/hour=05/b.parquet': [flow('20T05:59:00', 1000, { tcp_flags: 19 })],
  'digests/date=2026-11-20/hour=06/a.parquet': [flow('20T06:00:00', 10_000)],
};

async function fill(store: ObjectStore): Promise<void> {
  for (const [key, rows] of Object.entries(OBJECTS)) await store.put(key, await parquetRows(DIGEST_COLUMNS, rows));
  const silent = { minute: '2026-11-20T05:10:00Z', interface_id: 'eni-2', log_status: 'NODATA', records: 1, end: 5 };
  await store.put('coverage/date=2026-11-20/hour=05/a.parquet', await parquetRows(COVERAGE_COLUMNS, [silent]));
  await store.put('digests/date=2026-11-20/hour=05/notes.txt', Buffer.from('not a table file'));
}

async function bytesOf(service: QueryService, source: WindowSource): Promise<bigint[]> {
  const result = await service.engine.run(`SELECT bytes FROM ${source.tables.digests} ORDER BY bytes`);
  const found: bigint[] = [];
  for await (const chunk of result.chunks) for (const [bytes] of chunk) found.push(BigInt(bytes as bigint));
  return found;
}

describe.each(['directory', 'memory'] as const)('a window over a %s store', (kind) => {
  let directory: string;
  let cache: string;
  let service: QueryService;
  const calls: string[] = [];
  beforeAll(async () => {
    // A directory whose name DuckDB would take for a pattern.
    directory = await mkdtemp(join(tmpdir(), "vpcflow-it's[1]*-"));
    cache = join(directory, 'cache');
    const memory = new MemoryStore(new Map(), {}, 's3://bucket/prefix');
    const store = kind === 'directory' ? new DirectoryStore(join(directory, 'data')) : memory;
    await fill(store);
    const watched: ObjectStore = {
      uri: store.uri,
      put: (key, body, condition) => store.put(key, body, condition),
      get: (key) => {
        calls.push(`get ${key}`);
        return store.get(key);
      },
      list: (prefix, options) => {
        calls.push(`list ${prefix}`);
        return store.list(prefix, options);
      },
      remove: (key) => store.remove(key),
    };
    service = await openQueryService({ store: watched, clock: new ManualClock(), cacheDirectory: cache });
  });
  afterAll(async () => {
    await service.close();
    await rm(directory, { recursive: true, force: true });
  });

  test('lists the hours of the window only, and reads its minutes only', async () => {
    calls.length = 0;
    const source = await service.window(window('20T05:00:00', '20T05:59:00'), ['digests']);
    expect(calls.filter((call) => call.startsWith('list'))).toEqual([
      'list watermarks/',
      'list digests/date=2026-11-20/hour=05/',
      // A line of ten minutes before may say that the first ones were skipped.
      'list coverage/date=2026-11-20/hour=04/',
      'list coverage/date=2026-11-20/hour=05/',
    ]);
    expect(source.tables.digests.match(/\.parquet/g)).toHaveLength(1);
    expect(source.tables.coverage).not.toContain('.parquet');
    expect(await bytesOf(service, source)).toEqual([10n, 100n]);
    source.release();
  });

  test('has all columns of the table, in order, whatever the files hold', async () => {
    const source = await service.window(window('20T05:00:00', '20T06:01:00'), ['digests', 'coverage']);
    const digests = await service.engine.run(`SELECT * FROM ${source.tables.digests}`);
    expect(digests.columns.map((c) => c.name)).toEqual(DIGEST_COLUMNS.map((c) => c.name));
    for await (const _ of digests.chunks);
    const coverage = await service.engine.run(`SELECT * FROM ${source.tables.coverage}`);
    expect(coverage.columns.map((c) => c.name)).toEqual(COVERAGE_COLUMNS.map((c) => c.name));
    const rows = [];
    for await (const chunk of coverage.chunks) rows.push(...chunk);
    expect(rows).toEqual([[at('20T05:10:00'), null, 'eni-2', 'NODATA', 1n, 5n]]);
    source.release();
  });

  test('a window without any object is empty and has its columns', async () => {
    const source = await service.window(window('19T00:00:00', '19T01:00:00'), ['digests']);
    expect(await bytesOf(service, source)).toEqual([]);
    source.release();
  });

  test('fetches an object once, or never where it is a file already', async () => {
    const first = await service.window(window('20T04:00:00', '20T07:00:00'), ['digests']);
    expect(await bytesOf(service, first)).toEqual([1n, 10n, 100n, 1000n, 10_000n]);
    first.release();
    calls.length = 0;
    const second = await service.window(window('20T04:00:00', '20T07:00:00'), ['digests']);
    expect(calls.filter((call) => call.startsWith('get'))).toEqual([]);
    expect(await bytesOf(service, second)).toEqual([1n, 10n, 100n, 1000n, 10_000n]);
    second.release();
    expect(second.identity).toBe(first.identity);
    const found = await readdir(cache, { recursive: true }).catch(() => []);
    const cached = found.filter((name) => name.endsWith('.parquet'));
    expect(cached.length).toBe(kind === 'directory' ? 0 : 5);
  });
});
