// The minute of the mirror consumer: at once, then each minute, never two turns at a time, and on after a failure.
import { expect, test } from 'vitest';
import type { Turn, TurnReport } from '../../../../consumers/mirror/turn/work.ts';
import { reconcile } from '../../../../consumers/mirror/worker/reconciler.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

/** Work that notes when it was asked, and does what it is told. */
const started = (take: (n: number) => void | Promise<void>) => {
  const clock = new ManualClock();
  const begin = clock.now();
  const stop = new AbortController();
  const turns: { readonly at: number; readonly turn: Turn }[] = [];
  const lines: string[] = [];
  const work = {
    turn: async (turn: Turn): Promise<TurnReport> => {
      turns.push({ at: (clock.now() - begin) / 1000, turn });
      await take(turns.length);
      return { rounds: [] };
    },
  };
  const say = (level: string) => (fields: Readonly<Record<string, unknown>>) =>
    void lines.push(`${level} ${fields.error ?? ''}`);
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const ended = reconcile({ work, clock, log, signal: stop.signal });
  return { clock, stop, turns, lines, ended };
};

test('looks at once, then each minute, at everything and at what waits', async () => {
  const { clock, stop, turns, ended } = started(() => undefined);
  await clock.untilSleeping();
  await clock.advance(150_000);
  stop.abort();
  await ended;
  expect(turns.map(({ at }) => at)).toEqual([0, 60, 120]);
  expect(turns[0].turn).toEqual({ housekeeping: 'all', waiting: true });
});

test('a turn that takes longer than a minute is followed by the next whole minute', async () => {
  const gate = Promise.withResolvers<void>();
  const { clock, stop, turns, ended } = started((n) => (n === 1 ? gate.promise : undefined));
  await clock.advance(130_000);
  expect(turns).toHaveLength(1);
  gate.resolve();
  await clock.untilSleeping();
  await clock.advance(60_000);
  stop.abort();
  await ended;
  expect(turns.map(({ at }) => at)).toEqual([0, 180]);
});

test('a turn that fails is said, and tried again', async () => {
  const { clock, stop, turns, lines, ended } = started((n) => {
    if (n < 3) throw new VpcflowError('VF_STORE_UNREACHABLE', 'the store is away');
  });
  await clock.untilSleeping();
  await clock.advance(60_000);
  await clock.advance(60_000);
  await clock.advance(60_000);
  stop.abort();
  await ended;
  expect(turns).toHaveLength(4);
  expect(lines.map((line) => line.slice(0, 23))).toEqual([
    'error the store is away',
    'error the store is away',
    'info ',
  ]);
});

test('told to end while a turn is under way: that one ends first, and nothing is said of it', async () => {
  const gate = Promise.withResolvers<void>();
  const { clock, stop, turns, lines, ended } = started(() => gate.promise);
  let over = false;
  const done = ended.then(() => {
    over = true;
  });
  await clock.advance(1000);
  stop.abort();
  await clock.advance(1000);
  expect(over).toBe(false);
  gate.reject(new Error('stopped'));
  await done;
  expect(turns).toHaveLength(1);
  expect(lines).toEqual([]);
});
