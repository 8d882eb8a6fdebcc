// How complete an answer about two windows is.
import { describe, expect, test } from 'vitest';
import { bothComplete } from '../../../pipeline/diff/both-complete.ts';
import { shardCompleteness } from '../../../pipeline/window/completeness.ts';
import type { Completeness } from '../../../schemas/query.ts';

const one = (some: Partial<Completeness>): Completeness => ({ ...shardCompleteness(new Map(), 0, 0, 5), ...some });

describe('an answer about two windows', () => {
  test.each([
    [true, true, true],
    [true, false, false],
    [false, true, false],
    [null, null, null],
    [null, false, false],
    [true, null, null],
  ])('of which one is complete: %s, the other: %s, is %s', (a, b, both) => {
    expect(bothComplete(one({ complete: a }), one({ complete: b })).complete).toBe(both);
  });

  test('is as far as the lesser watermark and as old as the older reading', () => {
    const both = bothComplete(one({ watermark: 7, asOf: 3 }), one({ watermark: 9, asOf: 4 }));
    expect([both.watermark, both.asOf]).toEqual([7, 3]);
    expect(bothComplete(one({ watermark: 7 }), one({ watermark: null })).watermark).toBeNull();
  });

  test('lacks what either lacks', () => {
    const skipped = (id: string, minutes: number) => ({ account_id: null, interface_id: id, minutes });
    const a = one({
      ...{ warnings: ['x', 'y'], longestInterval: 60, behind: { count: 1, shards: [] } },
      skipdata: { interfaces: 2, minutes: 3, named: [skipped('eni-a', 2), skipped('eni-b', 1)] },
    });
    const b = one({
      ...{ warnings: ['y', 'z'], longestInterval: 600, behind: { count: 2, shards: [] } },
      skipdata: { interfaces: 1, minutes: 2, named: [skipped('eni-b', 2)] },
    });
    expect(bothComplete(a, b)).toMatchObject({
      ...{ warnings: ['x', 'y', 'z'], longestInterval: 600, behind: { count: 2 } },
      skipdata: { interfaces: 2, minutes: 5, named: [skipped('eni-b', 3), skipped('eni-a', 2)] },
    });
    expect(bothComplete(one({}), one({ longestInterval: 60 })).longestInterval).toBe(60);
    expect(bothComplete(one({}), one({})).longestInterval).toBeNull();
  });
});
