// A replay of rejects: what then lies in the store is what would have come of the right format at once, exactly once.
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditStore } from '../../../consumers/shared/audit/audit-store.ts';
import { EPOCH_BOUNDS, EpochContents } from '../../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { RejectedLines } from '../../../pipeline/rejects/rejected-lines.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import {
  BEGIN,
  backfill,
  CUSTOM,
  commits,
  custom,
  digest,
  flow,
  merged,
  nodata,
  RIGHT,
  replay,
  timeless,
  type Written,
} from './rejecting-store.ts';

/** What must be the same whether lines were decoded at once or later. */
const truth = async (store: MemoryStore) => {
  const { report, open } = await auditStore(store, { window: null });
  expect([report.gaps, open]).toEqual([[], []]);
  const { objects: _objects, rows: _rows, gaps: _gaps, replayed: _replayed, ...sums } = report;
  const { by_reason: _reasons, ...rejects } = sums.rejects; // the reason of the first time is kept
  return { sums: { ...sums, rejects }, digests: merged(store, 'digests'), coverage: merged(store, 'coverage') };
};

const octet = fc.integer({ min: 1, max: 4 });
const minute = fc.integer({ min: 0, max: 3 });
const GARBAGE = 'neither of them';

const written: fc.Arbitrary<Written> = fc.oneof(
  fc.record({
    minute,
    logGroup: fc.constant('flows'),
    lines: fc.array(
      fc.oneof(
        octet.map((n) => flow(n)),
        fc.constant(GARBAGE),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  fc.record({
    minute,
    logGroup: fc.constantFrom('custom-1', 'custom-2'),
    lines: fc.array(
      fc.oneof(
        fc.tuple(octet, minute).map(([n, at]) => custom(n, at)),
        minute.map(nodata),
        minute.map((at) => nodata(at).replace('NODATA', 'SKIPDATA')),
        fc.constant(GARBAGE),
        fc.constant(custom(1, 2000)), // more than a day after its arrival
      ),
      { minLength: 1, maxLength: 6 },
    ),
  }),
  fc.record({
    minute,
    logGroup: fc.constant('timeless'),
    lines: fc.array(octet.map(timeless), { minLength: 1, maxLength: 3 }),
  }),
);

describe('a replay under the right format', () => {
  it('gives what decoding under it at once would have given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 6 }), fc.boolean(), async (all, inSteps) => {
        const [wrong, right] = [new MemoryStore(), new MemoryStore()];
        await digest(wrong, all);
        await digest(right, all, RIGHT);
        const rejected = new Map([...wrong.backing].filter(([key]) => key.startsWith('rejects/')));
        if (inSteps) await replay(wrong, { selection: { reason: 'token_count', logGroup: 'custom-2' } });
        const { taken } = await replay(wrong);
        expect((await replay(wrong)).taken).toBe(0);
        expect(await truth(wrong)).toEqual(await truth(right));
        if (inSteps) return;
        const lines = commits(wrong).flatMap(({ replays, counts }) => (replays === undefined ? [] : [counts.lines]));
        expect(lines.reduce((a, b) => a + b, 0)).toBe(taken);
        for (const [key, body] of rejected) expect(wrong.backing.get(key)).toEqual(body);
      }),
      { numRuns: 25 },
    );
  });

  it('is the same for an object in parts, under --format and under rules', async () => {
    const lines = [...Array.from({ length: 9 }, (_, i) => custom(i + 1)), GARBAGE, nodata()];
    const settings = { ...DEFAULT_SETTINGS, format: CUSTOM };
    const [wrong, right] = [new MemoryStore(), new MemoryStore()];
    await backfill(wrong, lines);
    await backfill(right, lines, settings);
    const outcome = await replay(wrong, { settings });
    expect(outcome).toMatchObject({ taken: 10, sources: 3, unmatched: new Map([['token_count', 1]]) });
    expect(await truth(wrong)).toEqual(await truth(right));
  });
});

const STORE: readonly Written[] = [
  { minute: 0, logGroup: 'custom-1', lines: [custom(1), custom(2), GARBAGE, custom(3), nodata()] },
  { minute: 1, logGroup: 'custom-2', lines: [custom(1, 1), flow(1, 1), custom(5, 1)] },
  { minute: 3, logGroup: 'timeless', lines: [timeless(1), timeless(2)] },
];

const rejecting = async (): Promise<MemoryStore> => {
  const store = new MemoryStore();
  await digest(store, STORE);
  return store;
};

describe('what a replay takes', () => {
  it('is what is selected, by reason, log group and arrival', async () => {
    const store = await rejecting();
    const of = (logGroup: string | null, reason: 'token_count' | 'bad_time' | null = null) => ({
      selection: { reason, logGroup },
    });
    expect(await replay(store, of('custom-1', 'bad_time'))).toMatchObject({ taken: 0, unmatched: new Map() });
    expect(await replay(store, of('custom-2'))).toMatchObject({ taken: 2, sources: 1 });
    const six = { start: Date.UTC(2026, 10, 20, 6), stop: Date.UTC(2026, 10, 20, 7) };
    expect(await replay(store, { window: six })).toMatchObject({ taken: 2, sources: 1 });
    expect(await replay(store)).toMatchObject({ taken: 4, sources: 1, unmatched: new Map([['token_count', 1]]) });
    expect(await replay(store)).toMatchObject({ taken: 0, unmatched: new Map([['token_count', 1]]) });
  });

  it('is counted and not written in a dry run', async () => {
    const store = await rejecting();
    const before = new Map(store.backing);
    expect(await replay(store, { dryRun: true })).toMatchObject({ taken: 8, sources: 3 });
    expect(store.backing).toEqual(before);
  });

  it('is cut into replays that are bounded as epochs are', async () => {
    const [whole, rows, ranges] = [await rejecting(), await rejecting(), await rejecting()];
    await replay(whole);
    expect(await replay(rows, { bounds: { ...EPOCH_BOUNDS, rows: 1 } })).toMatchObject({ taken: 8, sources: 3 });
    expect(await replay(ranges, { maxRanges: 1 })).toMatchObject({ taken: 8 });
    const replays = (store: MemoryStore) => commits(store).filter((commit) => commit.replays !== undefined).length;
    expect([whole, rows, ranges].map(replays)).toEqual([3, 8, 4]);
    expect(await truth(rows)).toEqual(await truth(whole));
    expect(await truth(ranges)).toEqual(await truth(whole));
  });

  it('is written alike by who finishes it, whatever its own bounds', async () => {
    const [whole, finished] = [await rejecting(), await rejecting()];
    await replay(whole);
    const dying = finished.client({
      afterEach: (operation, key) => {
        if (operation === 'put' && key.startsWith('claims/replay/')) throw new Error('gone');
      },
    });
    await expect(replay(dying)).rejects.toThrow('gone');
    await replay(finished, { bounds: { ...EPOCH_BOUNDS, rows: 1 }, selection: { reason: null, logGroup: 'custom-1' } });
    await replay(finished);
    const replays = (store: MemoryStore) =>
      [...store.backing].filter(([key]) => key.includes('replay')).map(([key, body]) => [key, body.toString('base64')]);
    expect(replays(finished).sort()).toEqual(replays(whole).sort());
  });

  it('is never an envelope nor the beginning of a line', async () => {
    const store = new MemoryStore();
    const long = `${custom(9)} ${'x'.repeat(70_000)}`;
    await digest(store, [{ minute: 0, logGroup: 'custom-1', lines: [long, custom(1)] }]);
    const settings = { ...RIGHT, formats: [{ logGroup: '*', format: CUSTOM }] };
    expect(await replay(store, { settings })).toMatchObject({ taken: 1, unreplayable: new Map([['cut', 1]]) });
  });
});

describe('windows', () => {
  it('add up with their replays, which arrive with their sources', async () => {
    const store = await rejecting();
    await replay(store);
    const hour = (n: number) => ({ start: Date.UTC(2026, 10, 20, n), stop: Date.UTC(2026, 10, 20, n + 1) });
    const of = async (n: number) => (await auditStore(store, { window: hour(n) })).report;
    expect(await of(5)).toMatchObject({
      ok: true,
      lines: 8n,
      flows: 6n,
      nodata: 1n,
      replayed: 6n,
      rejects: { lines: 1n },
    });
    expect(await of(6)).toMatchObject({ ok: true, lines: 2n, flows: 2n, replayed: 2n, rejects: { lines: 0n } });
  });
});

describe('another feed that has the interface and minute', () => {
  const both = async (): Promise<MemoryStore> => {
    const store = new MemoryStore();
    await digest(store, [{ minute: 0, logGroup: 'custom-1', lines: [custom(1), custom(2), nodata()] }], RIGHT);
    await backfill(store, [custom(1), custom(2, 5), nodata()]);
    return store;
  };
  const settings = { ...DEFAULT_SETTINGS, format: CUSTOM };

  it('makes a replay refuse, or leave out what would count twice', async () => {
    const store = await both();
    await expect(replay(store, { settings })).rejects.toMatchObject({
      code: 'VF_OVERLAP',
      message: expect.stringContaining('2 of 3 lines are of interfaces and minutes'),
    });
    expect(await replay(store, { settings, overlap: 'skip' })).toMatchObject({ taken: 3, skipped: 2 });
    const { report } = await auditStore(store, { window: null });
    expect(report).toMatchObject({ ok: true, lines: 6n, flows: 3n, nodata: 1n, skipped: 2n, replayed: 3n });
    const added = await both();
    expect(await replay(added, { settings, overlap: 'add' })).toMatchObject({ taken: 3, skipped: 0 });
    expect((await auditStore(added, { window: null })).report).toMatchObject({ ok: true, flows: 4n, nodata: 2n });
  });

  it('leaves out the same when somebody else finishes', async () => {
    const store = await both();
    const dying = store.client({
      beforeEach: (operation, key) => {
        if (operation === 'put' && key.startsWith('commits/')) throw new Error('gone');
      },
    });
    await expect(replay(dying, { settings, overlap: 'skip' })).rejects.toThrow('gone');
    expect(await replay(store, { overlap: 'add' })).toMatchObject({ taken: 3, skipped: 2, finished: 3 });
    expect((await auditStore(store, { window: null })).report).toMatchObject({ ok: true, flows: 3n, skipped: 2n });
  });
});

describe('lines that came under a header', () => {
  // As many fields as the default has, with another order: read by the default they would be other flows.
  const HEADER =
    'version tcp-flags interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';
  const FLAGGED = HEADER.split(' ')
    .map((field) => `\${${field}}`)
    .join(' ');
  const flagged = (flags: string): string => flow(1).replace('123456789012', flags);
  const lines = [HEADER, flagged('2'), flagged('18,2')];
  const header = async (): Promise<MemoryStore> => {
    const store = new MemoryStore();
    await backfill(store, lines);
    return store;
  };

  it('are read under it again, whatever the source was declared as', async () => {
    for (const format of [null, CUSTOM]) {
      const store = new MemoryStore();
      const settings = { ...DEFAULT_SETTINGS, format };
      await backfill(store, lines, settings);
      const unmatched = new Map([['bad_number', 1]]);
      expect(await replay(store, { settings, headersFirst: true })).toMatchObject({ taken: 0, unmatched });
      const [log = ''] = [...store.backing.keys()].filter((key) => key.startsWith('rejects/'));
      expect(gunzipSync(store.backing.get(log)!).toString()).toContain(`"format":"${FLAGGED}"`);
    }
  });

  it('are read under rules that say what they are, and under the header where none does', async () => {
    const unmatched = new Map([['bad_number', 1]]);
    const rules = { ...DEFAULT_SETTINGS, formats: [{ logGroup: 'other', format: CUSTOM }] };
    expect(await replay(await header(), { settings: rules })).toMatchObject({ taken: 0, unmatched });
    // The account may be anything: what is declared goes first.
    const declared = { ...DEFAULT_SETTINGS, format: FLAGGED.replace('tcp-flags', 'account-id') };
    expect(await replay(await header(), { settings: declared })).toMatchObject({ taken: 1 });
  });

  it('decode under it', () => {
    const origin = { arrival: BEGIN, isStream: false };
    const reject = { reason: 'bad_time', scope: 'line', detail: '', source: 's', offset: 0 } as const;
    const row = { ...reject, raw: flagged('2'), format: FLAGGED };
    const [contents, declared] = [0, 1].map(() => new EpochContents('s', new IdentityWindow(), null));
    const other = { ...DEFAULT_SETTINGS, format: CUSTOM };
    expect(new RejectedLines(other, { ...origin, headersFirst: true }).take(row, contents!)).toBeNull();
    expect(contents!.tally.counts()).toMatchObject({ flows: 1, packets: 3n, bytes: 1000n });
    expect(new RejectedLines(other, { ...origin, headersFirst: false }).take(row, declared!)).toBe('token_count');
  });

  it('are finished as they were claimed, whoever finishes', async () => {
    const [whole, finished] = [await header(), await header()];
    const lenient = { ...DEFAULT_SETTINGS, format: FLAGGED.replace('tcp-flags', 'account-id') };
    await replay(whole, { settings: lenient });
    const dying = finished.client({
      afterEach: (operation, key) => {
        if (operation === 'put' && key.startsWith('claims/replay/')) throw new Error('gone');
      },
    });
    await expect(replay(dying, { settings: lenient })).rejects.toThrow('gone');
    expect(await replay(finished, { settings: DEFAULT_SETTINGS, headersFirst: true })).toMatchObject({ finished: 1 });
    expect(merged(finished, 'digests')).toEqual(merged(whole, 'digests'));
    expect((await auditStore(finished, { window: null })).report).toMatchObject({ ok: true, replayed: 1n });
  });
});
