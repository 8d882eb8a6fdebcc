// Warnings about rejects: the first at once, then one a minute for each shard, and nothing that was held back is lost.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RejectWarnings } from '../../../consumers/digest/reject-warnings.ts';
import type { RejectCounts } from '../../../schemas/counts.ts';
import { recordedLog } from '../shared/metrics/recorded-log.ts';

const MINUTE = 60_000; // ms

const tokens = (lines: number): RejectCounts => ({
  ...{ total: lines, lines, envelopes: 0, by_reason: lines === 0 ? {} : { token_count: lines } },
});

test('the first is told at once, with what to do; what follows is told with the first sign of life a minute later', () => {
  const { log, lines } = recordedLog();
  const warnings = new RejectWarnings(log);
  warnings.committed('a', tokens(5), 0);
  warnings.committed('a', { total: 3, lines: 2, envelopes: 1, by_reason: { bad_time: 2, envelope_truncated: 1 } }, 1);
  warnings.committed('a', tokens(4), MINUTE - 1);
  warnings.committed('b', tokens(1), MINUTE - 1); // another shard does not wait
  warnings.passed('a', MINUTE - 1);
  expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['warn', { shard: 'a', rejects: 5, by_reason: { token_count: 5 }, epochs: 1 }],
    ['warn', { shard: 'b', rejects: 1, by_reason: { token_count: 1 }, epochs: 1 }],
  ]);
  expect(lines[0]!.message).toMatch(/kept in rejects\/.*declare the LogFormat of its log group with --formats/);
  warnings.passed('a', MINUTE);
  const byReason = { bad_time: 2, envelope_truncated: 1, token_count: 4 };
  expect(lines.slice(2).map(({ fields }) => fields)).toEqual([
    { shard: 'a', rejects: 7, by_reason: byReason, epochs: 2 },
  ]);
});

test('epochs without rejects say nothing', () => {
  const { log, lines } = recordedLog();
  const warnings = new RejectWarnings(log);
  for (let at = 0; at < 10 * MINUTE; at += 1000) warnings.committed('a', tokens(0), at);
  warnings.released('a');
  expect(lines).toEqual([]);
});

test('whatever is rejected when, a shard is warned of once a minute at most, and all of it', () => {
  const steps = fc.array(fc.record({ after: fc.nat(90_000), rejects: fc.nat(3) }), { maxLength: 50 });
  fc.assert(
    fc.property(steps, (all) => {
      const { log, lines } = recordedLog();
      const warnings = new RejectWarnings(log);
      let at = 0;
      const told: number[] = []; // when
      for (const { after, rejects } of all) {
        at += after;
        const before = lines.length;
        if (rejects > 0) warnings.committed('a', tokens(rejects), at);
        else warnings.passed('a', at);
        expect(lines.length - before).toBeLessThanOrEqual(1);
        if (lines.length > before) told.push(at);
      }
      const early = told.slice(1).filter((one, i) => one - told[i]! < MINUTE);
      expect(early).toEqual([]);
      warnings.released('a');
      const sum = (of: (fields: Readonly<Record<string, unknown>>) => unknown): number =>
        lines.reduce((total, { fields }) => total + Number(of(fields)), 0);
      expect(sum(({ rejects }) => rejects)).toBe(all.reduce((total, { rejects }) => total + rejects, 0));
      expect(sum(({ epochs }) => epochs)).toBe(all.filter(({ rejects }) => rejects > 0).length);
    }),
  );
});
