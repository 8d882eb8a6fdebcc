// The sums of an audit stay exact past 2^53, and its memory stays bounded where everything is wrong.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countGaps } from '../../../pipeline/audit/commit-gaps.ts';
import { auditJson, auditTable } from '../../../pipeline/audit/report.ts';
import { AuditSums, MAX_GAPS } from '../../../pipeline/audit/sums.ts';
import { parseExactJson } from '../../../pipeline/canonical-json.ts';
import type { Commit } from '../../../schemas/chain.ts';

const commitWith = (n: number, sum: bigint): Commit => ({
  kind: 'commit',
  ...{ source: `s-${n}`, claim: 'c', settings: '', decoder: 1, arrival: { first: 0, min: 0, max: 0 } },
  counts: {
    ...{ records: n, envelopes: n, control: 0, duplicates: 0, overlaps: 0, lines: 2 * n, flows: n, nodata: 0 },
    ...{ skipdata: 0, events: 0, rejects: { total: n, lines: n, envelopes: 0, by_reason: { bad_time: n } } },
    ...{ packets: sum, bytes: sum },
  },
  ...{ objects: [], longestInterval: 0 },
});

it('adds up any counts exactly, in JSON too', () => {
  const commit = fc.record({
    n: fc.maxSafeNat().map((n) => Math.floor(n / 2)),
    sum: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  });
  fc.assert(
    fc.property(fc.array(commit), (given) => {
      const sums = new AuditSums();
      for (const { n, sum } of given) sums.add(commitWith(n, sum), BigInt(n));
      const result = sums.result();
      const total = given.reduce((t, { n }) => t + BigInt(n), 0n);
      const packets = given.reduce((t, { sum }) => t + sum, 0n);
      expect(result.report).toMatchObject({ ok: true, records: total, lines: 2n * total, packets, rows: total });
      expect(auditJson(result)).toContain(`"packets":${packets},`);
      expect(parseExactJson(auditJson(result))).toMatchObject({ ok: true, gaps: [] });
    }),
  );
});

it('counts a line that was replayed once: as what it turned out to be', () => {
  const { counts, ...rest } = commitWith(3, 0n);
  const taken = { total: 0, lines: 0, envelopes: 0, by_reason: {} };
  const replayed: Commit = {
    ...{ ...rest, source: 'replay-000000-s-3' },
    counts: { ...counts, records: 0, envelopes: 0, lines: 2, flows: 1, skipped: 1, rejects: taken },
    replays: { source: 's-3', rows: [[1, 2]], by_reason: { bad_time: 2 } },
  };
  expect(countGaps(replayed)).toEqual([]);
  const sums = new AuditSums();
  sums.add({ ...rest, counts }, 3n);
  sums.add(replayed, 1n);
  expect(sums.result().report).toMatchObject({
    ...{ records: 3n, lines: 6n, flows: 4n, skipped: 1n, replayed: 2n },
    rejects: { total: 1n, lines: 1n, envelopes: 0n, by_reason: { bad_time: 1n } },
  });
});

it('finds every count that does not add up', () => {
  const { counts, ...rest } = commitWith(3, 0n);
  expect(countGaps({ ...rest, counts })).toEqual([]);
  const whats = (changed: Partial<Commit['counts']>) =>
    countGaps({ ...rest, counts: { ...counts, ...changed } }).map(({ what }) => what);
  expect(whats({ nodata: 1 })).toEqual(['lines counted out']);
  expect(whats({ rejects: { ...counts.rejects, envelopes: 1 } })).toEqual(['rejects by scope']);
  expect(whats({ rejects: { ...counts.rejects, by_reason: { bad_time: 2, envelope_truncated: 1 } } })).toEqual([
    'rejected lines by reason',
  ]);
});

it('takes a mistake of the decoder for a line or for an envelope, as the scopes say', () => {
  const { counts, ...rest } = commitWith(3, 0n);
  const whats = (lines: number, envelopes: number) =>
    countGaps({
      ...rest,
      counts: {
        ...counts,
        lines: counts.flows + lines,
        rejects: { total: 3, lines, envelopes, by_reason: { bad_time: 1, decoder_error: 2 } },
      },
    }).map(({ what }) => what);
  expect([whats(3, 0), whats(2, 1), whats(1, 2)]).toEqual([[], [], []]);
  expect(whats(0, 3)).toEqual(['rejected lines by reason']);
});

it('keeps a bounded number of gaps and counts the rest', () => {
  const sums = new AuditSums();
  const gap = { source: 's', what: 'w', expected: 1, found: 2 };
  for (let i = 0; i < MAX_GAPS + 5; i++) sums.gap(gap);
  const result = sums.result();
  expect(result.report.gaps).toHaveLength(MAX_GAPS + 1);
  expect(result.report.gaps.at(-1)).toEqual({ source: 'audit', what: 'further gaps', expected: 0, found: 5 });
  expect(auditTable(result).split('\n').length).toBeLessThan(200);
});
