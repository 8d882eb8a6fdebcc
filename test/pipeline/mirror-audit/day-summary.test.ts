// The rows that are kept of a day say of sessions, and of who has none, what all of its rows say, beside any other days.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DaySummary } from '../../../pipeline/mirror-audit/day-summary.ts';
import { SessionHistories } from '../../../pipeline/mirror-audit/session-histories.ts';
import { UnmirroredDecisions } from '../../../pipeline/mirror-audit/unmirrored.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import {
  asks,
  created,
  decision,
  denied,
  done,
  finding,
  MINUTE,
  newSession,
  rowsOf,
  session,
  T0,
  type Turn,
} from './plans.ts';

const f1 = asks(finding('f1', T0));
const f2 = asks(finding('f2', T0));
const until = T0 + 60 * MINUTE;
const create = (minute: number, answers: Turn['answers'], request = f1): Turn => ({
  ...{ minute, requests: [request], decisions: [decision(request, { expires: until })] },
  actions: [{ kind: 'create-session', decision: 0, session: newSession() }],
  answers: answers ?? null,
});
const waits = (minute: number, request = f2): Turn => ({
  ...{ minute, requests: [request] },
  decisions: [decision(request, { outcome: 'wait', reason: 'target_starting', interface: null })],
});
const meets = (minute: number, outcome: 'keep' | 'extend' | 'report' | 'release', id: string): Turn => ({
  minute,
  decisions: [
    decision(null, { outcome, reason: outcome === 'report' ? 'gone' : 'expired', session: id, expires: until }),
  ],
  actions: outcome === 'release' ? [{ kind: 'delete-session', decision: 0, id }] : [],
  answers: outcome === 'release' ? [done] : [],
  sessions: [session(id)],
});

/** A session that was made, one whose answer nobody wrote, ends of both, and who waits for a target. */
const TURNS: readonly Turn[] = [
  ...[create(0, [denied]), create(1, null), create(2, [created('tms-1')]), waits(3), waits(4), waits(5)],
  ...[meets(6, 'extend', 'tms-1'), create(7, null, f2), meets(8, 'keep', 'tms-2'), waits(9), waits(10)],
  ...[meets(11, 'report', 'tms-2'), meets(12, 'keep', 'tms-2'), create(13, [created('tms-1')])],
  ...[meets(14, 'release', 'tms-1'), meets(15, 'release', 'tms-1'), meets(16, 'report', 'tms-2'), waits(17, f1)],
];

const summaryOf = (rows: readonly MirroringRow[]): readonly MirroringRow[] => {
  const summary = new DaySummary();
  for (const row of rows) summary.add(row);
  return summary.rows();
};

const said = (rows: readonly MirroringRow[]) => {
  const [sessions, unmirrored] = [new SessionHistories(), new UnmirroredDecisions()];
  for (const row of rows) {
    sessions.add(row);
    unmirrored.add(row);
  }
  return {
    sessions: sessions.all(),
    unmirrored: unmirrored.all(),
    last: Math.max(...rows.map(({ time }) => time ?? 0)),
  };
};

test('whatever the days, and however their rows come, the answer is that of all rows', () => {
  const days = fc
    .array(fc.nat(3), { minLength: TURNS.length, maxLength: TURNS.length })
    .map((numbers) => numbers.sort((a, b) => a - b));
  const some = fc.subarray([...TURNS], { minLength: 1 });
  fc.assert(
    fc.property(days, some, fc.infiniteStream(fc.nat()), (day, turns, order) => {
      const byDay = Map.groupBy(turns, (turn) => day[TURNS.indexOf(turn)]);
      const kept = [...byDay.values()].flatMap((all) => {
        const rows = all.flatMap(rowsOf);
        const summary = summaryOf(rows);
        const mixed = rows.map((row) => ({ row, at: order.next().value })).sort((a, b) => a.at - b.at);
        expect(summaryOf([...mixed.map(({ row }) => row), ...rows])).toEqual(summary);
        return summary;
      });
      expect(said(kept)).toEqual(said(turns.flatMap(rowsOf)));
    }),
    { numRuns: 300 },
  );
});

test('of who waits all day, only the last plan is kept', () => {
  const rows = Array.from({ length: 1440 }, (_, minute) => waits(minute)).flatMap(rowsOf);
  expect(summaryOf(rows)).toEqual([expect.objectContaining({ plan: 'plan-001439', outcome: 'wait' })]);
  expect(summaryOf([])).toEqual([]);
});
