// A backfill after an outage of the stream: what both have is refused, left out or added, and the totals say so exactly.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreEvidence } from '../../../../consumers/backfill/evidence/store-evidence.ts';
import { serialize } from '../../../../pipeline/documents.ts';
import { labelFeed } from '../../../../pipeline/overlap/feed.ts';
import { DEFAULT_FEED } from '../../../../schemas/chain.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { STREAM } from '../../../audited-store.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import {
  ACCOUNT,
  ALL,
  at,
  audited,
  backfill,
  commitsOf,
  flow,
  isMissing,
  nodata,
  partClaims,
  STREAMED,
  stream,
  sumsOf,
  UNION,
} from '../two-feeds.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-overlap-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let paths = 0;
const path = (): string => join(folder, `${++paths}.log`);

test('added, it counts twice', async () => {
  const store = new MemoryStore();
  await stream(store, STREAMED);
  await backfill(store, path(), ALL, { overlap: 'add' });
  expect((await partClaims(store)).map((claim) => 'skip' in claim)).toEqual([false]);
  expect(await audited(store)).toEqual(sumsOf([...STREAMED.flat(), ...ALL]));
});

describe('what is evidence', () => {
  const skipped = async (store: ObjectStore, lines: readonly string[], more = {}): Promise<number> => {
    const { parts } = await backfill(store, path(), lines, { overlap: 'skip', dryRun: true, ...more });
    return parts.reduce((sum, counts) => sum + (counts.skipped ?? 0), 0);
  };

  test('a coverage line is, for each minute up to its end, in the next hour too', async () => {
    const store = new MemoryStore();
    await stream(store, [[nodata(1, 'eni-a', 600)]]);
    const minutes = Array.from({ length: 14 }, (_, minute) => minute);
    const { parts } = await backfill(
      store,
      path(),
      minutes.map((minute) => flow(minute, 'eni-a')),
      { overlap: 'skip' },
    );
    expect(parts[0]!.skipped).toBe(10);
    const [claim] = await partClaims(store);
    expect(claim!.skip).toEqual([{ account: ACCOUNT, interface: 'eni-a', runs: [[at(1), 10]] }]);
    await audited(store);
  });

  test('a flow of ten minutes is, for the minute in which it starts', async () => {
    const store = new MemoryStore();
    await stream(store, [[flow(3, 'eni-a').replace(String(at(3) + 20), String(at(13)))]]);
    expect(await skipped(store, [flow(2, 'eni-a'), flow(3, 'eni-a', 5), flow(4, 'eni-a')])).toBe(1);
  });

  test('account and interface make the difference, and NULL is a value', async () => {
    const store = new MemoryStore();
    await stream(store, [[flow(3, 'eni-a'), flow(3, '-')]]);
    expect(await skipped(store, [flow(3, '-', 4)])).toBe(1);
    expect(await skipped(store, [flow(3, '-', 4).replace(ACCOUNT, '-'), flow(4, '-'), flow(3, 'eni-b')])).toBe(0);
    expect(await skipped(store, [flow(3, 'eni-a').replace(ACCOUNT, '999999999999')])).toBe(0);
  });

  test('of what has no interface, the attachment or the resource tells who logged it', async () => {
    const settings = (fields: string) => ({
      ...DEFAULT_SETTINGS,
      format: `\${account-id} ${fields} \${start} \${bytes}`,
    });
    const line = (id: string, interfaceId = ''): string => `1 ${interfaceId}${id} ${at(3)} 100`;
    for (const field of ['tgw-attachment-id', 'resource-id']) {
      const store = new MemoryStore();
      const declared = { settings: settings(`\${${field}}`) };
      await backfill(store, path(), [line('id-1')], { ...declared, feed: 'first' });
      expect(await skipped(store, [line('id-1'), line('id-2')], declared)).toBe(1);
      const beside = { settings: settings(`\${interface-id} \${${field}}`) };
      expect(await skipped(store, [line('id-1', '- '), line('id-1', 'eni-1 ')], beside)).toBe(1);
    }
  });

  test('the own feed is not, whoever of it wrote, and another label is', async () => {
    const store = new MemoryStore();
    await backfill(store, path(), ALL, { feed: 'weekly' });
    const again = [...ALL, flow(20, 'eni-a')];
    expect(await skipped(store, again, { feed: 'weekly' })).toBe(0);
    expect(await skipped(store, again, { feed: DEFAULT_FEED })).toBe(71);
    expect(await skipped(store, again)).toBe(71);
    expect((await partClaims(store)).map(({ feed }) => feed)).toEqual(['weekly']);
  });

  test('what a replay of its source wrote is of the feed of the source', async () => {
    const store = new MemoryStore();
    await backfill(store, path(), [flow(3, 'eni-a')], { feed: 'weekly' });
    const [claim] = await partClaims(store);
    const digestKey = [...store.backing.keys()].find((key) => key.startsWith('digests/'))!;
    const source = `backfill-${claim!.identity}-000000`;
    store.backing.set(digestKey.replace(source, `replay-000000-${source}`), store.backing.get(digestKey)!);
    store.backing.delete(digestKey);
    expect(await skipped(store, [flow(3, 'eni-a')], { feed: 'weekly' })).toBe(0);
    expect(await skipped(store, [flow(3, 'eni-a', 1)])).toBe(1);
  });

  test('an epoch without its commit may be given up: nothing is left out for it, and nothing is counted twice', async () => {
    const store = new MemoryStore();
    await stream(store, [[flow(3, 'eni-a')]]);
    const key = [...store.backing.keys()].find((one) => one.startsWith('commits/'))!;
    const commit = store.backing.get(key)!;
    store.backing.delete(key);
    for (const overlap of ['refuse', 'skip'] as const) {
      await expect(backfill(store, path(), [flow(3, 'eni-a', 1)], { overlap })).rejects.toMatchObject({
        code: 'VF_OVERLAP',
        message: expect.stringContaining(overlap === 'skip' ? 'not committed yet' : STREAM),
      });
    }
    // What is not in question is taken.
    await backfill(store, path(), [flow(4, 'eni-a')], { overlap: 'skip' });
    // Committed, it counts; given up, it does not, also where its files still lie there.
    store.backing.set(key, commit);
    expect(await skipped(store, [flow(3, 'eni-a', 1)])).toBe(1);
    const { claim, source, arrival } = JSON.parse(commit.toString());
    const tombstone = { kind: 'tombstone' as const, source, claim, arrival, last: '1', removed: [] };
    store.backing.set(key, serialize(tombstone));
    expect(await skipped(store, [flow(3, 'eni-a', 1)])).toBe(0);
    // A claim that has expired leaves files that count.
    store.backing.delete(key);
    store.backing.delete(claim);
    expect(await skipped(store, [flow(3, 'eni-a', 1)])).toBe(1);
  });
});

describe('a part', () => {
  test('that is refused leaves what came before it, and a later run goes on there', async () => {
    for (const overlap of ['skip', 'add'] as const) {
      const store = new MemoryStore();
      await stream(store, STREAMED);
      const lines = [...ALL.filter(isMissing), ...ALL.filter((line) => !isMissing(line))];
      const partLines = ALL.filter(isMissing).length;
      const here = path();
      await expect(backfill(store, here, lines, { partLines })).rejects.toMatchObject({
        code: 'VF_OVERLAP',
        message: expect.stringMatching(
          `^${basename(here)} from line ${partLines + 1} on \\(what is before it is in the store\\)`,
        ),
      });
      expect((await partClaims(store)).map(({ part, final }) => [part, final])).toEqual([[0, false]]);
      expect(await commitsOf(store, 'backfill-')).toHaveLength(1);
      // Another feed is named: the object is of the feed of its first part all the same.
      await backfill(store, here, lines, { overlap, feed: 'other', partLines });
      expect((await partClaims(store)).map(({ part, final, feed }) => [part, final, feed])).toEqual([
        [0, false, undefined],
        [1, false, undefined],
        [2, true, undefined],
      ]);
      expect(await audited(store)).toEqual(sumsOf([...(overlap === 'skip' ? UNION : STREAMED.flat().concat(ALL))]));
    }
  });

  test.each(['beforeEach', 'afterEach'] as const)(
    'that is claimed leaves out the same, whatever the evidence by then (%s step of the store)',
    async (hook) => {
      const partLines = 40;
      const file = path();
      const before = new MemoryStore();
      await stream(before, STREAMED);
      const whole = new MemoryStore(new Map(before.backing));
      await backfill(whole, file, ALL, { overlap: 'skip', partLines });
      expect(await audited(whole)).toEqual(sumsOf(UNION));
      // What comes between: all of it from a third feed.
      const third = new MemoryStore(new Map(before.backing));
      await backfill(third, path(), [...ALL, flow(50, 'eni-a')], { feed: 'third', overlap: 'add' });
      const between = [...third.backing].filter(([key]) => !before.backing.has(key));

      let crashes = 0;
      for (let step = 1; ; step++) {
        const store = new MemoryStore(new Map(before.backing));
        let seen = 0; // from the claim of the last part on
        const crash = (_: string, key: string) => {
          if ((seen > 0 || key.endsWith('/000001.json')) && ++seen === step) throw new Error('crash');
        };
        const crashing = store.client({ [hook]: crash });
        const first = await backfill(crashing, file, ALL, { overlap: 'skip', partLines }).catch(
          (error: Error) => error,
        );
        if (!(first instanceof Error)) break;
        expect(first.message).toBe('crash');
        // Only what is claimed is fixed: a part that nobody claimed looks at the evidence of its own time.
        if ((await partClaims(store)).length < 2) continue;
        crashes++;
        for (const [key, body] of between) store.backing.set(key, body);
        await backfill(store, file, ALL, { overlap: 'refuse', feed: 'other' });
        for (const [key] of between) store.backing.delete(key);
        expect(Object.fromEntries([...store.backing].sort())).toEqual(Object.fromEntries([...whole.backing].sort()));
      }
      // Before the digest, its coverage and the commit; after these and the claim.
      expect(crashes).toBe(hook === 'beforeEach' ? 3 : 4);
    },
    60_000,
  );

  test('that another process claimed first is finished as it claimed it', async () => {
    const file = path();
    const store = new MemoryStore();
    await stream(store, STREAMED);
    const other = { overlap: 'add', feed: DEFAULT_FEED } as const;
    const slower = store.client({
      beforeEach: async (operation, key) => {
        if (operation === 'put' && key.startsWith('claims/backfill/')) await backfill(store, file, ALL, other);
      },
    });
    const { outcome, parts } = await backfill(slower, file, ALL, { overlap: 'skip' });
    expect([outcome, parts]).toEqual(['known', []]);
    expect(await audited(store)).toEqual(sumsOf([...STREAMED.flat(), ...ALL]));
  });
});

describe('what it costs', () => {
  test('without another feed, lists alone: three of the first hour, two of the next, however many objects', async () => {
    const store = new MemoryStore();
    const calls: string[] = [];
    const counted = store.client({
      beforeEach: (operation, key) => {
        if (/^(digests|coverage)\//.test(key) && operation !== 'put') calls.push(`${operation} ${key}`);
        if (operation === 'get' && key.startsWith('claims/backfill/')) calls.push('claim');
      },
    });
    const clock = new ManualClock();
    const evidence = new StoreEvidence(counted, clock);
    for (let n = 0; n < 5; n++) {
      await backfill(counted, path(), [flow(n, 'eni-a'), flow(n + 5, 'eni-a')], { evidence, clock });
    }
    expect(calls.filter((call) => call !== 'claim').sort()).toEqual([
      'list coverage/date=2026-11-20/hour=04/',
      'list coverage/date=2026-11-20/hour=05/',
      'list coverage/date=2026-11-20/hour=06/',
      'list digests/date=2026-11-20/hour=05/',
      'list digests/date=2026-11-20/hour=06/',
    ]);
    expect(calls.filter((call) => call === 'claim')).toHaveLength(5); // each looks for its own
    // Somebody else of the feed reads the claim of each file's object, once.
    const other = new StoreEvidence(counted, clock);
    for (let n = 0; n < 3; n++) {
      const hour = Math.floor(at(0) / 3600);
      for (const each of [hour, hour + 1]) expect(await other.ofHour(each, labelFeed(DEFAULT_FEED))).toEqual([]);
      await clock.advance(60_001);
    }
    expect(calls.filter((call) => call === 'claim')).toHaveLength(5 + 5);
    expect(calls.filter((call) => call.startsWith('get '))).toEqual([]);
  });

  test('what came meanwhile is seen a minute later, and what was read is not read again', async () => {
    const store = new MemoryStore();
    const reads: string[] = [];
    const counted = store.client({
      beforeEach: (operation, key) => {
        if (operation === 'get' && key.endsWith('.parquet')) reads.push(key);
      },
    });
    await stream(store, STREAMED.slice(0, 2));
    const clock = new ManualClock();
    const loading = { evidence: new StoreEvidence(counted, clock), clock, overlap: 'skip', dryRun: true } as const;
    const skipped = async (lines: readonly string[]) =>
      (await backfill(counted, path(), lines, loading)).parts[0]!.skipped ?? 0;
    expect(await skipped(ALL)).toBe(14);
    const before = reads.length;
    expect(before).toBe(4); // of two epochs digest and coverage
    await stream(store, STREAMED);
    expect(await skipped(ALL)).toBe(14);
    await clock.advance(60_001);
    expect(await skipped(ALL)).toBe(46);
    expect(new Set(reads).size).toBe(reads.length);
  });

  test('hours that were not asked for the longest are forgotten, and asked for again', async () => {
    const store = new MemoryStore();
    await stream(store, STREAMED);
    const clock = new ManualClock();
    const evidence = new StoreEvidence(store, clock, 1);
    for (let n = 0; n < 2; n++) {
      const { parts } = await backfill(store, path(), ALL, { evidence, clock, overlap: 'skip', dryRun: true });
      expect(parts[0]!.skipped).toBe(46);
    }
  });
});
