// Which of the waiting objects begin, as a plan; then that none waits for ever and no place is given more than it may have.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Admission, type Entry, type Share, startable } from '../../../../consumers/backfill/lanes/admission.ts';

const MOST: Share = { objects: 3, bytes: 100 };
const IDLE: Share = { objects: 0, bytes: 0 };

describe('startable', () => {
  const cases: readonly [string, readonly number[], readonly Share[], readonly (readonly [number, number])[]][] = [
    ['nothing waits', [], [IDLE], []],
    [
      'small ones share a place',
      [10, 20, 30],
      [IDLE],
      [
        [0, 0],
        [1, 0],
        [2, 0],
      ],
    ],
    [
      'no more than it may hold',
      [1, 1, 1, 1],
      [IDLE],
      [
        [0, 0],
        [1, 0],
        [2, 0],
      ],
    ],
    ['no more bytes than it may hold', [60, 60], [IDLE], [[0, 0]]],
    [
      'each to the place with the least to do',
      [50, 10, 10],
      [IDLE, IDLE],
      [
        [0, 0],
        [1, 1],
        [2, 1],
      ],
    ],
    ['a large one begins alone', [1000, 1], [IDLE], [[0, 0]]],
    [
      'a large one keeps a place to itself, the others go past it',
      [1000, 10],
      [
        { objects: 1, bytes: 20 },
        { objects: 1, bytes: 30 },
      ],
      [[1, 1]],
    ],
    ['with one place all wait behind it', [1000, 10], [{ objects: 1, bytes: 20 }], []],
    [
      'empty ones count, too',
      [0, 0, 0, 0],
      [IDLE],
      [
        [0, 0],
        [1, 0],
        [2, 0],
      ],
    ],
  ];
  test.each(cases)('%s', (_, waiting, places, expected) => {
    expect(startable(waiting, places, MOST).map(({ waiting: w, place }) => [w, place])).toEqual(expected);
  });
});

test('whatever comes and goes: bounds hold, a large one is alone, and everyone gets in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      fc.infiniteStream(fc.nat()),
      async (sizes, places, choices) => {
        const admission = new Admission(places, MOST);
        const inside: { bytes: number; entry: Entry }[] = [];
        let entered = 0;
        for (const bytes of sizes) {
          admission.enter(bytes).then((entry) => {
            entered++;
            inside.push({ bytes, entry });
          });
        }
        for (;;) {
          await new Promise(setImmediate);
          for (let place = 0; place < places; place++) {
            const here = inside.filter(({ entry }) => entry.place === place);
            const bytes = here.reduce((sum, one) => sum + one.bytes, 0);
            expect(here.length).toBeLessThanOrEqual(MOST.objects);
            expect(here.length <= 1 || bytes <= MOST.bytes).toBe(true);
          }
          if (inside.length === 0) break;
          const [left] = inside.splice((choices.next().value ?? 0) % inside.length, 1);
          left?.entry[Symbol.dispose]();
        }
        expect(entered).toBe(sizes.length);
      },
    ),
    { numRuns: 100 },
  );
});

test('closed, it refuses who waits and who comes', async () => {
  const admission = new Admission(1, MOST);
  const first = await admission.enter(1000);
  const waiting = admission.enter(1);
  admission.close(new Error('over'));
  await expect(waiting).rejects.toThrow('over');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await expect(admission.enter(1)).rejects.toThrow('over');
});
