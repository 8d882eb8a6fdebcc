// An audit of stores with replays: whole ones add up, and each falsification of a replay is found and named.
import { describe, expect, it } from 'vitest';
import { parseCommit, parseReplayClaim, serialize } from '../../../../pipeline/documents.ts';
import { backfillSource, commitKey, replayClaimKey, replaySource, streamSource } from '../../../../pipeline/keys.ts';
import type { Commit, ReplayClaim } from '../../../../schemas/chain.ts';
import { type Backing, MemoryStore } from '../../../fakes/memory-store.ts';
import {
  BEGIN,
  backfill,
  commits,
  custom,
  digest,
  flow,
  nodata,
  RIGHT,
  replay,
  SHARD,
  STREAM,
  timeless,
} from '../../rejects/rejecting-store.ts';
import { audit, bodyOf, drop, editCommit, keyOf, whats } from './falsify.ts';

const CUSTOM_SETTINGS = { ...RIGHT, format: RIGHT.formats[0]?.format ?? '' };

const store = new MemoryStore();
await digest(store, [
  // Rows 0 and 1 by the first replay, 3 and 4 by the second; 2 is left, and 5 is cut.
  {
    minute: 0,
    logGroup: 'custom-1',
    lines: [custom(1), nodata(), 'garbage', custom(2), custom(3), `${custom(4)} ${'x'.repeat(70_000)}`],
  },
  { minute: 1, logGroup: 'timeless', lines: [timeless(1)] },
]);
await backfill(store, [flow(1), custom(7), custom(8)], undefined, 3);
await replay(store, { settings: CUSTOM_SETTINGS, overlap: 'add', maxRanges: 1, window: null });
/** Never changed: tests work on copies. */
const intact: Backing = store.backing;

const SOURCE = streamSource(STREAM, SHARD, '0');
const PART = commits(store).find(({ source }) => source.startsWith('backfill-')) as Commit;
const ofReplay = (n: number): string => replaySource(SOURCE, n);
const claimOf = (n: number): string => replayClaimKey(SOURCE, n);
const commitOf = (n: number): string => commitKey(BEGIN, ofReplay(n));

const changed = (change: (backing: Backing) => void): Backing => {
  const backing = new Map(intact);
  change(backing);
  return backing;
};

const editClaim = (backing: Backing, n: number, edit: (claim: ReplayClaim) => ReplayClaim): void => {
  backing.set(claimOf(n), serialize(edit(parseReplayClaim(claimOf(n), bodyOf(backing, claimOf(n))))));
};

type Replays = NonNullable<Commit['replays']>;

/** Changes the rows of a replay where they are claimed and where they are committed. */
const editRows = (n: number, rows: Replays['rows'], by_reason?: Replays['by_reason']) => (b: Backing) => {
  editClaim(b, n, (claim) => ({ ...claim, rows }));
  editReplays(n, (replays) => ({ ...replays, rows, by_reason: by_reason ?? replays.by_reason }))(b);
};

const editReplays = (n: number, edit: (replays: Replays) => Replays) => (b: Backing) =>
  editCommit(b, commitOf(n), (commit) => {
    if (commit.replays === undefined) throw new Error(`${commit.source} replays nothing`);
    return { ...commit, replays: edit(commit.replays) };
  });

const editCounts = (key: string, edit: (counts: Commit['counts']) => Partial<Commit['counts']>) => (b: Backing) =>
  editCommit(b, key, (commit) => ({ ...commit, counts: { ...commit.counts, ...edit(commit.counts) } }));

describe('a store with replays', () => {
  it('is proven, each line counted once', async () => {
    const { report, open, expired } = await audit(intact);
    expect([report.gaps, open, expired]).toEqual([[], [], []]);
    expect(report).toMatchObject({
      ...{ lines: 10n, flows: 7n, nodata: 1n, skipdata: 0n, events: 0n, skipped: 0n, replayed: 7n },
      rejects: { total: 2n, lines: 2n, envelopes: 0n, by_reason: { line_too_long: 1n, token_count: 1n } },
    });
    expect(parseReplayClaim(claimOf(1), bodyOf(intact, claimOf(1))).rows).toEqual([[3, 4]]);
  });

  it('calls the last replay open when it is not committed', async () => {
    const left = changed((b) => drop(b, commitOf(1)));
    const { report, open } = await audit(left);
    expect([report.gaps, open]).toEqual([[], [ofReplay(1)]]);
    expect(report).toMatchObject({ ok: true, lines: 10n, replayed: 5n, rejects: { lines: 4n } });
    drop(left, keyOf(left, 'digests/', ofReplay(1)));
    expect(await audit(left)).toMatchObject({ report: { ok: true }, open: [ofReplay(1)] });
  });
});

describe('a falsified replay', () => {
  const cases: readonly [string, (backing: Backing) => void, readonly string[]][] = [
    ['its digest is gone', (b) => drop(b, keyOf(b, 'digests/', ofReplay(0))), ['missing object']],
    ['its commit is gone, and another follows', (b) => drop(b, commitOf(0)), ['missing commit']],
    ['its claim is gone, and another follows', (b) => drop(b, claimOf(0)), ['missing replay', 'missing claim']],
    ['its claim is gone', (b) => drop(b, claimOf(1)), ['missing claim']],
    [
      'it is gone, but for its objects',
      (b) => {
        drop(b, claimOf(1));
        drop(b, commitOf(1));
      },
      ['object that no commit names'],
    ],
    ['its claim is no JSON', (b) => b.set(claimOf(1), Buffer.from('{')), ['readable claim']],
    [
      'it takes a row of another',
      editRows(1, [
        [1, 1],
        [3, 3],
      ]),
      ['row of one replay only'],
    ],
    [
      'it takes rows that there are not',
      editRows(1, [
        [4, 4],
        [7, 7],
      ]),
      ['rows of the reject log', 'replayed: token_count'],
    ],
    [
      'it takes what is no whole line',
      editRows(1, [[4, 5]], { line_too_long: 1, token_count: 1 }),
      ['row that is a line'],
    ],
    [
      'it takes rows of another reason than it says',
      editReplays(1, (replays) => ({ ...replays, by_reason: { bad_time: 2 } })),
      ['replayed: bad_time', 'replayed: token_count'],
    ],
    [
      'it says less reasons than it has rows',
      editReplays(0, (replays) => ({ ...replays, by_reason: { token_count: 1 } })),
      ['reasons of the replay', 'replayed: token_count'],
    ],
    [
      'it takes other rows than it claimed',
      editReplays(1, (replays) => ({ ...replays, rows: [[2, 3]] })),
      ['commit as claimed: rows'],
    ],
    ['it takes more rows than it counts lines', editRows(1, [[2, 4]], { token_count: 3 }), ['lines of the replay']],
    [
      'its rows do not ascend',
      editRows(0, [
        [1, 1],
        [0, 0],
      ]),
      ['ascending rows'],
    ],
    [
      'it takes rejects of another source',
      editReplays(1, (replays) => ({ ...replays, source: PART.source })),
      ['replay', 'commit as claimed: replayed'],
    ],
    [
      'it counts a line too many',
      editCounts(commitOf(1), (c) => ({ lines: c.lines + 1 })),
      ['lines counted out', 'lines of the replay'],
    ],
    [
      'it rejects something itself',
      editCounts(commitOf(1), (c) => ({
        lines: c.lines + 1,
        rejects: { total: 1, lines: 1, envelopes: 0, by_reason: { bad_time: 1 } },
      })),
      ['lines of the replay', 'rejects of the replay', 'rejects: bad_time'],
    ],
    [
      'it was decoded under other settings',
      (b) => editCommit(b, commitOf(1), (commit) => ({ ...commit, settings: 'f'.repeat(64) })),
      ['commit as claimed: settings'],
    ],
    [
      'it arrived at another time than its source',
      (b) => {
        const arrival = { first: BEGIN, min: BEGIN - 1, max: BEGIN };
        editClaim(b, 0, (claim) => ({ ...claim, arrival }));
        editCommit(b, commitOf(0), (commit) => ({ ...commit, arrival }));
      },
      ['arrival of the source'],
    ],
    [
      'the commit of its source is gone',
      (b) => drop(b, commitKey(PART.arrival.first, PART.source)),
      ['commit of the replayed source'],
    ],
    [
      'something else says that it is one',
      (b) =>
        editCommit(b, commitKey(BEGIN, SOURCE), (commit) => ({
          ...commit,
          replays: { source: SOURCE, rows: [], by_reason: {} },
        })),
      ['replay', 'lines of the replay', 'rejects of the replay'],
    ],
    [
      'it left out what it claimed not to',
      editCounts(commitOf(1), (c) => ({ flows: c.flows - 1, skipped: 1 })),
      ['skipped lines as claimed', 'flows'],
    ],
  ];

  it.each(cases)('%s', async (_what, change, expected) => {
    const { report } = await audit(changed(change));
    expect(report.ok).toBe(false);
    expect(new Set(whats(report.gaps))).toEqual(new Set(expected));
  });
});

describe('lines that were left out for another feed', () => {
  const part = commitKey(PART.arrival.first, PART.source);
  const skip = (claims: boolean) => (b: Backing) => {
    editCounts(part, (c) => ({ flows: c.flows - 1, skipped: 1 }))(b);
    if (!claims) return;
    const runs = [{ account: null, interface: 'eni-0a', runs: [[60, 1]] }];
    const claim = JSON.parse(bodyOf(b, PART.claim).toString());
    b.set(PART.claim, Buffer.from(JSON.stringify({ ...claim, skip: runs })));
  };

  it('are of parts that claim to leave out something', async () => {
    expect(PART.source).toBe(backfillSource(PART.source.slice(9, 73), 0));
    const { report } = await audit(changed(skip(true)));
    expect(whats(report.gaps)).toEqual(['flows']); // the row is still there: the lines themselves add up
    expect(report).toMatchObject({ lines: 10n, flows: 6n, skipped: 1n });
    expect(new Set(whats((await audit(changed(skip(false)))).report.gaps))).toEqual(
      new Set(['flows', 'skipped lines as claimed']),
    );
  });

  it('are of no stream', async () => {
    const source = commitKey(BEGIN, SOURCE);
    const commit = parseCommit(source, bodyOf(intact, source));
    expect(commit).toMatchObject({ counts: { flows: 0 } });
    const more = changed(editCounts(source, (c) => ({ lines: c.lines + 1, skipped: 1 })));
    expect(whats((await audit(more)).report.gaps)).toEqual(['skipped lines as claimed']);
  });
});
