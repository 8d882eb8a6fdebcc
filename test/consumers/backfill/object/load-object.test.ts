// One object into a store in memory: every kind of file, every way to meet it again, and how it is cut into parts.
import { copyFileSync, mkdtempSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { loadObject } from '../../../../consumers/backfill/object/load-object.ts';
import { identify } from '../../../../consumers/backfill/object/object-file.ts';
import { parsePartClaim } from '../../../../pipeline/documents.ts';
import { parseFormat } from '../../../../pipeline/formats/format.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../../schemas/settings.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { CONTROL, envelope, file, line, lines, text, withHeader } from '../flow-files.ts';
import { bytesOf, commits, contents, load, total } from '../object-loading.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-backfill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('every kind of file is told from its bytes', () => {
  const v2 = { lines: 50, flows: 50, rejects: 0, bytes: bytesOf(50) };
  const kinds: readonly [string, string | Uint8Array, object][] = [
    ['text', text(50), v2],
    ['text without a last line end', text(50).trimEnd(), v2],
    ['gzip', gzipSync(text(50)), v2],
    ['gzip of several members', Buffer.concat([gzipSync(text(20)), gzipSync(text(30, 20))]), v2],
    [
      'NDJSON',
      lines(50)
        .map((message) => `${JSON.stringify({ message })}\n`)
        .join(''),
      v2,
    ],
    ['one envelope', envelope(50), v2],
    ['envelopes without separator, gzip', gzipSync(envelope(20) + CONTROL + envelope(30, 20)), v2],
    [
      'a Firehose object: gzip members of one envelope each',
      Buffer.concat([gzipSync(envelope(20)), gzipSync(envelope(30, 20))]),
      v2,
    ],
    ['an envelope twice', envelope(50) + envelope(50), v2],
    ['a damaged line', `${text(50)}nonsense\n`, { ...v2, lines: 51, rejects: 1 }],
    ['a truncated gzip', gzipSync(text(50), { level: 0 }).subarray(0, -20), { rejects: 1 }],
    ['a header', withHeader(9), { lines: 9, flows: 9, rejects: 0, bytes: 45n }],
    ['nothing', '', { lines: 0, flows: 0, rejects: 0, bytes: 0n }],
  ];

  test.each(kinds)('%s', async (name, content, expected) => {
    const store = new MemoryStore();
    const { outcome } = await load(file(join(folder, 'kinds', name), content), store);
    expect(outcome).toBe('loaded');
    expect(total(store)).toMatchObject({ records: 1, ...expected });
  });

  test('lines are read by the declared format', async () => {
    const format = '${dstaddr} ${srcaddr} ${start} ${bytes}';
    const settings: Settings = { ...DEFAULT_SETTINGS, format };
    expect(parseFormat(format).fields).toHaveLength(4);
    const store = new MemoryStore();
    await load(file(join(folder, 'declared'), '10.0.0.1 10.0.0.2 1790000000 77\n'), store, { settings });
    expect(total(store)).toMatchObject({ flows: 1, bytes: 77n });
  });
});

test('lines without a time have that of the first claim, whoever finishes the object', async () => {
  const settings: Settings = { ...DEFAULT_SETTINGS, format: '${resource-id} ${bytes}' };
  const path = file(join(folder, 'timeless'), 'nat-1 5\n'.repeat(30));
  const claimed = Date.UTC(2026, 10, 20, 5, 59, 59); // ms
  const [whole, resumed] = [new MemoryStore(), new MemoryStore()];
  const first = { settings, partLines: 10, clock: new ManualClock(claimed) };
  await load(path, whole, first);
  expect(total(whole)).toEqual({ records: 1, lines: 30, flows: 30, rejects: 0, bytes: 150n });
  const crashing = resumed.client({
    beforeEach: (operation, key) => {
      if (operation === 'put' && key.endsWith('/000001.json')) throw new Error('crash');
    },
  });
  await expect(load(path, crashing, first)).rejects.toThrow('crash');
  await load(path, resumed, { ...first, clock: new ManualClock(claimed + 86_400_000) });
  expect(contents(resumed)).toEqual(contents(whole));
  const digests = Object.keys(contents(resumed)).filter((key) => key.startsWith('digests/'));
  expect(digests).toHaveLength(3);
  for (const key of digests) expect(key).toContain('date=2026-11-20/hour=05/');
});

describe('the same bytes count once', () => {
  test('read twice, renamed and copied', async () => {
    const store = new MemoryStore();
    const path = file(join(folder, 'once', 'a.log'), text(30));
    expect((await load(path, store)).outcome).toBe('loaded');
    const before = contents(store);
    expect((await load(path, store)).outcome).toBe('known');
    expect(contents(store)).toEqual(before);
    const copy = join(folder, 'once', 'copy.log');
    copyFileSync(path, copy);
    expect((await load(copy, store)).outcome).toBe('known');
    const renamed = join(folder, 'once', 'renamed.log');
    renameSync(path, renamed);
    expect((await load(renamed, store)).outcome).toBe('known');
    expect(total(store)).toEqual({ records: 1, lines: 30, flows: 30, rejects: 0, bytes: bytesOf(30) });
  });

  test('whatever the settings of the second time', async () => {
    const store = new MemoryStore();
    const path = file(join(folder, 'settings.log'), text(30));
    await load(path, store);
    expect((await load(path, store, { settings: { ...DEFAULT_SETTINGS, ports: 'all' } })).outcome).toBe('known');
    expect(total(store).flows).toBe(30);
  });
});

describe('parts', () => {
  const partLines = 100;
  const extents = (store: MemoryStore) =>
    [...store.backing]
      .filter(([key]) => key.startsWith('claims/backfill/'))
      .map(([key, body]) => parsePartClaim(key, body))
      .map(({ firstLine, lines: count, final }) => [firstLine, count, final]);

  test('are cut after so many lines, and the last one says that it is', async () => {
    const store = new MemoryStore();
    await load(file(join(folder, 'parts', '250'), text(250)), store, { partLines });
    expect(extents(store)).toEqual([
      [0, 100, false],
      [100, 100, false],
      [200, 50, true],
    ]);
    expect(commits(store).map(({ final }) => final)).toEqual([false, false, true]);
    expect(total(store)).toEqual({ records: 1, lines: 250, flows: 250, rejects: 0, bytes: bytesOf(250) });
  });

  test('end with the object when it ends with a part', async () => {
    const store = new MemoryStore();
    await load(file(join(folder, 'parts', '200'), text(200)), store, { partLines });
    expect(extents(store)).toEqual([
      [0, 100, false],
      [100, 100, true],
    ]);
  });

  test('keep what comes after their last line', async () => {
    const store = new MemoryStore();
    await load(file(join(folder, 'parts', 'cut'), gzipSync(text(200), { level: 0 }).subarray(0, -4)), store, {
      partLines,
    });
    expect(extents(store)).toEqual([
      [0, 100, false],
      [100, 100, false],
      [200, 0, true],
    ]);
    expect(total(store)).toMatchObject({ lines: 200, flows: 200, rejects: 1 });
  });

  test('cut envelopes, and find a duplicate of one that began in an earlier part', async () => {
    const store = new MemoryStore();
    const path = file(join(folder, 'parts', 'envelopes'), gzipSync(envelope(150) + envelope(60, 150) + envelope(150)));
    await load(path, store, { partLines });
    expect(total(store)).toMatchObject({ lines: 210, flows: 210 });
    expect(commits(store).map(({ counts }) => [counts.envelopes, counts.duplicates])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
  });

  test('have a million lines', async () => {
    const store = new MemoryStore();
    const settings: Settings = { ...DEFAULT_SETTINGS, format: '${start} ${bytes}' };
    await load(file(join(folder, 'parts', 'large'), '1790000000 4\n'.repeat(2_500_000)), store, { settings });
    expect(commits(store).map(({ counts }) => counts.flows)).toEqual([1_000_000, 1_000_000, 500_000]);
    expect(total(store).bytes).toBe(10_000_000n);
  });

  test('are cut where their claims say, whatever a later run would do', async () => {
    const path = file(join(folder, 'parts', 'other-size'), text(250));
    const store = new MemoryStore();
    let puts = 0;
    const crashing = store.client({
      beforeEach: (operation, key) => {
        if (operation === 'put' && key.startsWith('commits/') && ++puts === 2) throw new Error('crash');
      },
    });
    await expect(load(path, crashing, { partLines })).rejects.toThrow('crash');
    await load(path, store, { partLines: 70 });
    expect(extents(store)).toEqual([
      [0, 100, false],
      [100, 100, false],
      [200, 50, true],
    ]);
    expect(total(store)).toMatchObject({ lines: 250, bytes: bytesOf(250) });
  });
});

describe('a file that changes while it is read', () => {
  test('is not committed', async () => {
    const path = file(join(folder, 'changing.log'), text(200));
    const object = await identify(path, () => {});
    file(path, text(200).replaceAll('ACCEPT', 'REJECT'));
    const store = new MemoryStore();
    const loading = { store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew: false, dryRun: false };
    const feeds = { feed: 'backfill', overlap: 'refuse' } as const;
    const attempt = loadObject({ path, name: path }, object, { ...loading, ...feeds, onBytes: () => {} });
    await expect(attempt).rejects.toMatchObject({ code: 'VF_SOURCE_UNREADABLE' });
    expect(commits(store)).toEqual([]);
  });

  test('is noticed between two parts', async () => {
    const path = file(join(folder, 'touched.log'), text(200));
    const store = new MemoryStore();
    const touching = store.client({
      afterEach: (_operation, key) => {
        if (key.startsWith('commits/')) utimesSync(path, 1, 1);
      },
    });
    await expect(load(path, touching, { partLines: 50 })).rejects.toMatchObject({ code: 'VF_SOURCE_UNREADABLE' });
    expect(commits(store)).toHaveLength(1);
  });
});

test('a dry run counts and writes nothing', async () => {
  const store = new MemoryStore();
  const { parts } = await load(file(join(folder, 'dry.log'), `${line(0)}\nnonsense\n`), store, { dryRun: true });
  expect(parts.map(({ flows, rejects }) => [flows, rejects.total])).toEqual([[1, 1]]);
  expect(store.backing.size).toBe(0);
});
