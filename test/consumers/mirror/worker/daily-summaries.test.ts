// While a worker runs, days that are over are summarized: at once, then every few hours, and on after a failure.
import { expect, test } from 'vitest';
import { summarizeDaily } from '../../../../consumers/mirror/worker/daily-summaries.ts';
import { summaryKey } from '../../../../consumers/shared/mirroring/day-summaries.ts';
import { HOUR_MS } from '../../../../pipeline/window/window.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { T0 } from '../../../pipeline/mirror-audit/plans.ts';
import { LAUNCHED, MADE, putTurn } from '../../shared/mirroring/audited-mirroring.ts';

test('each day that is over gets its summary, also when the store was away', async () => {
  const backing = new Map<string, Buffer>();
  let away = false;
  const store = new MemoryStore(backing, {
    beforeEach: () => {
      if (away) throw new Error('away');
    },
  });
  for (const turn of [LAUNCHED, MADE]) await putTurn(store, turn);
  const clock = new ManualClock(T0 + 10_000);
  const stop = new AbortController();
  const lines: string[] = [];
  const say = (level: string) => (_: unknown, message: string) => void lines.push(`${level} ${message}`);
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const over = summarizeDaily({ store, clock, log, signal: stop.signal });
  await clock.untilSleeping();
  expect([backing.has(summaryKey('2026-11-18')), backing.has(summaryKey('2026-11-20'))]).toEqual([true, false]);
  away = true;
  await clock.advance(6 * HOUR_MS);
  await clock.untilSleeping();
  expect(lines.at(-1)).toMatch(/^warn .*tried again later$/);
  away = false;
  for (let hours = 0; hours < 24; hours++) {
    await clock.advance(HOUR_MS);
    await clock.untilSleeping();
  }
  expect(backing.has(summaryKey('2026-11-20'))).toBe(true);
  expect(lines.filter((line) => line.startsWith('info'))).toHaveLength(2);
  stop.abort();
  await over;
});
