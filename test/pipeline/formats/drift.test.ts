// When a log group drifts, when it has recovered, and how often that is told.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DriftWatch, REPEAT_MS } from '../../../pipeline/formats/drift.ts';
import type { LogGroupLines } from '../../../pipeline/formats/group-tally.ts';

const MINUTE = 60_000; // ms

const fared = (lines: number, rejects: number, logGroup: string | null = 'vpc'): LogGroupLines => ({
  ...{ logGroup, lines, rejects },
  byReason: rejects === 0 ? {} : { token_count: rejects },
  format: rejects === 0 ? null : '${start}',
  samples: Array.from({ length: Math.min(rejects, 3) }, (_, i) => `line ${i} of ${lines}`),
});

/** Epochs of one minute each: which of them was told, and as what. */
const told = (epochs: readonly (readonly [lines: number, rejects: number])[]): readonly (string | null)[] => {
  const watch = new DriftWatch();
  return epochs.map(([lines, rejects], i) => {
    const { events } = watch.epoch(lines === 0 ? [] : [fared(lines, rejects)], i * MINUTE);
    const [event] = events;
    return event === undefined ? null : `${event.kind} ${event.rejects}/${event.lines}`;
  });
};

describe('DriftWatch', () => {
  it.each<[string, readonly (readonly [number, number])[], readonly (string | null)[]]>([
    ['half of twenty lines is a drift', [[20, 10]], ['begin 10/20']],
    ['less than half is none', [[21, 10]], [null]],
    ['nineteen lines are too few to tell', [[19, 19]], [null]],
    [
      'epochs are added up until there are enough lines',
      [
        [7, 7],
        [0, 0],
        [7, 7],
        [7, 0],
      ],
      [null, null, null, 'begin 14/21'],
    ],
    [
      'good lines before do not hide it: each window is judged alone',
      [
        [10_000, 0],
        [20, 20],
      ],
      [null, 'begin 20/20'],
    ],
    [
      'it has recovered with less than one line in a hundred, and not before',
      [
        [20, 20],
        [100, 1],
        [101, 1],
        [20, 9],
      ],
      ['begin 20/20', null, 'end 2/201', null],
    ],
    [
      'it can begin again',
      [
        [20, 20],
        [20, 0],
        [20, 20],
      ],
      ['begin 20/20', 'end 0/20', 'begin 20/20'],
    ],
    [
      'while it goes on it is told every ten minutes, with all that was held back',
      Array.from({ length: 21 }, (): readonly [number, number] => [20, 20]),
      Array.from({ length: 21 }, (_, i) => (i === 0 ? 'begin 20/20' : i % 10 === 0 ? 'still 200/200' : null)),
    ],
  ])('%s', (_, epochs, expected) => {
    expect(told(epochs)).toEqual(expected);
  });

  it('says what it saw: reasons, the format, three samples, since when', () => {
    const watch = new DriftWatch();
    watch.epoch([fared(2, 2)], 0);
    const { events } = watch.epoch([fared(30, 30)], MINUTE);
    expect(events).toEqual([
      {
        ...{ kind: 'begin', logGroup: 'vpc', lines: 32, rejects: 32, byReason: { token_count: 32 } },
        ...{ format: '${start}', samples: ['line 0 of 2', 'line 1 of 2', 'line 0 of 30'], since: MINUTE },
      },
    ]);
    expect(watch.epoch([fared(30, 0)], 2 * MINUTE).events).toEqual([
      expect.objectContaining({ kind: 'end', logGroup: 'vpc', format: null, samples: [], since: MINUTE }),
    ]);
  });

  it('judges each log group alone, and the lines without one as one', () => {
    const watch = new DriftWatch();
    const { events, drifting } = watch.epoch([fared(20, 20, 'a'), fared(20, 0, 'b'), fared(40, 30, null)], 0);
    expect(events.map(({ kind, logGroup }) => [kind, logGroup])).toEqual([
      ['begin', 'a'],
      ['begin', null],
    ]);
    expect(drifting).toEqual([
      { logGroup: 'a', rejects: 20 },
      { logGroup: null, rejects: 30 },
    ]);
  });

  it('forgets the group that was seen longest ago, so that no number of groups can fill the memory', () => {
    const watch = new DriftWatch();
    watch.epoch([fared(10, 10, 'old'), fared(10, 10, 'kept')], 0);
    watch.epoch([...Array(999).keys()].map((i) => fared(1, 0, `g${i}`)).concat(fared(1, 1, 'kept')), 1);
    expect(watch.epoch([fared(10, 10, 'kept')], 2).events).toMatchObject([{ kind: 'begin', rejects: 21 }]);
    expect(watch.epoch([fared(10, 10, 'old')], 2).events).toEqual([]);
  });

  it('counts a reject of a drift once, and tells of each once; a drift begins, goes on, and ends', () => {
    const epoch = fc.record({ lines: fc.nat(60), part: fc.nat(4), after: fc.nat(2 * REPEAT_MS) });
    fc.assert(
      fc.property(fc.array(epoch, { maxLength: 40 }), (epochs) => {
        const watch = new DriftWatch();
        let at = 0;
        let [rejects, counted, toldOf] = [0, 0, 0];
        let since: number | null = null;
        let last = 0;
        for (const { lines, part, after } of epochs) {
          at += after;
          const wrong = Math.floor((lines * part) / 4);
          rejects += wrong;
          const { events, drifting } = watch.epoch([fared(lines, wrong)], at);
          for (const one of drifting) counted += one.rejects;
          for (const event of events) {
            toldOf += event.rejects;
            expect(event.kind === 'begin').toBe(since === null);
            if (event.kind === 'still') expect(at - last).toBeGreaterThanOrEqual(REPEAT_MS);
            if (event.kind === 'begin') since = at;
            expect(event.since).toBe(since);
            if (event.kind === 'end') since = null;
            last = at;
          }
        }
        expect(counted).toBeLessThanOrEqual(rejects);
        expect(toldOf).toBeLessThanOrEqual(counted);
        if (since === null) expect(toldOf).toBe(counted);
      }),
    );
  });
});
