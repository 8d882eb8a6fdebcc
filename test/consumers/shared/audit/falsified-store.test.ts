// An audit of falsified stores: each falsification is found and named, and nothing else is accused.
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseClaim, serialize } from '../../../../pipeline/documents.ts';
import { claimKey, partClaimKey, streamSource } from '../../../../pipeline/keys.ts';
import { SHARD, STREAM, sequence } from '../../../audited-store.ts';
import type { Backing } from '../../../fakes/memory-store.ts';
import {
  after,
  audit,
  bodyOf,
  changed,
  claimOf,
  commitOf,
  drop,
  editClaim,
  editCommit,
  editCounts,
  identity,
  intact,
  keyOf,
  partCommit,
  sourceOf,
  whats,
} from './falsify.ts';

describe('a falsified store', () => {
  const swap = (backing: Backing, a: string, b: string): void => {
    const [one, two] = [bodyOf(backing, a), bodyOf(backing, b)];
    backing.set(a, two).set(b, one);
  };

  const cases: readonly [string, (backing: Backing) => void, readonly string[]][] = [
    ['a digest is gone', (b) => drop(b, keyOf(b, 'digests/', sourceOf(1))), ['missing object']],
    ['a coverage object is gone', (b) => drop(b, keyOf(b, 'coverage/', sourceOf(0))), ['missing object']],
    ['the rejects are gone', (b) => drop(b, keyOf(b, 'rejects/', sourceOf(3))), ['missing object']],
    ['a raw reject is gone', (b) => drop(b, keyOf(b, 'rejects/', `${sourceOf(2)}-0.raw`)), ['missing object']],
    ['identities are gone', (b) => drop(b, keyOf(b, 'identities/', 'after-0')), ['missing object']],
    [
      'two digests are swapped',
      (b) => swap(b, keyOf(b, 'digests/', sourceOf(1)), keyOf(b, 'digests/', sourceOf(0))),
      ['size', 'rows', 'flows', 'packets', 'bytes'],
    ],
    [
      'the rows of another hour',
      (b) => swap(b, keyOf(b, 'digests/', sourceOf(1)), keyOf(b, 'digests/', sourceOf(3))),
      ['hour of the rows'],
    ],
    [
      'a digest is broken',
      (b) => {
        const key = keyOf(b, 'digests/', sourceOf(1));
        b.set(key, Buffer.alloc(bodyOf(b, key).length, 'x'));
      },
      ['readable object'],
    ],
    [
      'the rejects are broken',
      (b) => {
        const key = keyOf(b, 'rejects/', sourceOf(1));
        b.set(key, Buffer.alloc(bodyOf(b, key).length, 'x'));
      },
      ['readable object'],
    ],
    [
      'a reject was taken out',
      (b) => {
        const key = keyOf(b, 'rejects/', sourceOf(1));
        const lines = gunzipSync(bodyOf(b, key)).toString().split('\n');
        b.set(key, gzipSync(lines.slice(1).join('\n')));
      },
      ['size', 'rows', 'rejects: token_count'],
    ],
    [
      'identities of another epoch',
      (b) => swap(b, keyOf(b, 'identities/', 'after-0'), keyOf(b, 'identities/', after(1))),
      ['size', 'rows'],
    ],
    ['a flow too many', editCounts(0, (c) => ({ flows: c.flows + 1, lines: c.lines + 1 })), ['flows']],
    ['a line too few', editCounts(0, (c) => ({ lines: c.lines - 1 })), ['lines counted out']],
    ['a packet too few', editCounts(0, (c) => ({ packets: c.packets - 1n })), ['packets']],
    ['a byte too many', editCounts(1, (c) => ({ bytes: c.bytes + 1n })), ['bytes']],
    ['NODATA for SKIPDATA', editCounts(0, () => ({ nodata: 2, skipdata: 0 })), ['nodata', 'skipdata']],
    ['events from nowhere', editCounts(0, (c) => ({ events: 1, lines: c.lines + 1 })), ['events']],
    ['a record too few', editCounts(3, (c) => ({ records: c.records - 1 })), ['commit as claimed: records']],
    [
      'a reject too many',
      editCounts(1, (c) => ({ rejects: { ...c.rejects, total: c.rejects.total + 1 } })),
      ['rejects by scope', 'rejects by reason'],
    ],
    [
      'another reason',
      editCounts(1, ({ rejects }) => ({ rejects: { ...rejects, by_reason: { bad_time: rejects.total } } })),
      ['rejects: bad_number', 'rejects: bad_time', 'rejects: token_count'],
    ],
    [
      'a commit that names one object less',
      (b) => editCommit(b, commitOf(1), (c) => ({ ...c, objects: c.objects.filter((o) => o.table !== 'digests') })),
      ['flows', 'packets', 'bytes', 'commit as claimed: objects', 'object that no commit names'],
    ],
    [
      'a commit that names the object of another',
      (b) =>
        editCommit(b, commitOf(1), (c) => {
          const key = keyOf(b, 'digests/', sourceOf(0));
          return { ...c, objects: c.objects.map((o) => (o.table === 'digests' ? { ...o, key } : o)) };
        }),
      ['object of one commit only', 'commit as claimed: objects', 'object that no commit names'],
    ],
    [
      'other settings',
      (b) => editCommit(b, commitOf(2), (c) => ({ ...c, settings: 'f'.repeat(64) })),
      ['commit as claimed: settings'],
    ],
    ['no JSON for a commit', (b) => b.set(commitOf(2), Buffer.from('{')), ['commit', 'object that no commit names']],
    [
      'a commit in another hour',
      (b) => {
        b.set(commitOf(0).replace('hour=05', 'hour=04'), bodyOf(b, commitOf(0)));
        b.delete(commitOf(0));
      },
      ['commit', 'missing commit', 'object that no commit names'],
    ],
    ['a commit inside the chain is gone', (b) => drop(b, commitOf(2)), ['missing commit']],
    ['a claim inside the chain is gone', (b) => drop(b, claimOf(2)), ['missing claim']],
    [
      'a whole link inside the chain is gone',
      (b) => {
        drop(b, claimOf(2));
        drop(b, commitOf(2));
      },
      ['missing claim', 'object that no commit names'],
    ],
    ['no JSON for a claim', (b) => b.set(claimOf(2), Buffer.from('[]')), ['readable claim']],
    [
      'a claim beside the chain',
      (b) => {
        const claim = parseClaim(claimOf(2), bodyOf(b, claimOf(2)));
        const beside = { ...claim, after: sequence(3), first: sequence(4) };
        b.set(claimKey(STREAM, SHARD, sequence(3)), serialize(beside));
      },
      ['overlapping claim', 'missing commit'],
    ],
    ['a link that skips its neighbour', editClaim(3, (c) => ({ ...c, previous: '0' })), ['link before']],
    ['a claim that reaches too far', editClaim(2, (c) => ({ ...c, last: sequence(7) })), ['overlapping claim']],
    [
      'a claim that begins before its predecessor ends',
      editClaim(2, (c) => ({ ...c, first: sequence(4) })),
      ['extent of the claim'],
    ],
    [
      'a digest from nowhere',
      (b) => b.set('digests/date=2026-11-20/hour=05/extra.parquet', bodyOf(b, keyOf(b, 'digests/', sourceOf(0)))),
      ['object that no commit names'],
    ],
    [
      'a second piece of a digest',
      (b) => {
        const key = keyOf(b, 'digests/', sourceOf(0));
        b.set(key.replace('.parquet', '.1.parquet'), bodyOf(b, key));
      },
      ['object that no commit names'],
    ],
    [
      'rejects of an epoch that nobody claimed',
      (b) =>
        b.set(
          `rejects/date=2026-11-20/hour=05/${streamSource(STREAM, SHARD, sequence(99))}.ndjson.gz`,
          Buffer.from(''),
        ),
      ['object that no commit names'],
    ],
    ['a part inside an object is gone', (b) => drop(b, partCommit(1)), ['missing commit']],
    ['the claim of a part is gone', (b) => drop(b, partClaimKey(identity, 1)), ['missing part', 'missing claim']],
    [
      'a part is final and another follows',
      (b) => {
        const key = partClaimKey(identity, 1);
        b.set(key, Buffer.from(bodyOf(b, key).toString().replace('"final":false', '"final":true')));
      },
      ['commit as claimed: final', 'part after the last one'],
    ],
    [
      'a part that begins elsewhere',
      (b) => {
        const key = partClaimKey(identity, 2);
        b.set(key, Buffer.from(bodyOf(b, key).toString().replace('"firstLine":4', '"firstLine":5')));
      },
      ['first line of the part', 'first line of the part'],
    ],
  ];

  it.each(cases)('%s', async (_what, change, expected) => {
    const { report } = await audit(changed(change));
    expect(report.ok).toBe(false);
    const found = whats(report.gaps);
    for (const what of expected) {
      expect(found.some((w) => w === what || w.startsWith(`${what} of `))).toBe(true);
    }
    // Nothing is accused but what was touched: every gap has one of the expected names.
    expect(found.filter((w) => !expected.some((what) => w === what || w.startsWith(`${what} of `)))).toEqual([]);
  });

  it('names the source, what was expected and what was found', async () => {
    const [gap] = (await audit(changed(editCounts(0, (c) => ({ packets: c.packets - 1n }))))).report.gaps;
    expect(gap).toEqual({
      source: sourceOf(0),
      what: 'packets',
      expected: 18014398509481987n,
      found: 18014398509481988n,
    });
    const lost = changed((b) => drop(b, keyOf(b, 'digests/', sourceOf(1))));
    expect((await audit(lost)).report.gaps).toEqual([
      { source: sourceOf(1), what: 'missing object', expected: keyOf(intact, 'digests/', sourceOf(1)), found: null },
    ]);
  });
});
