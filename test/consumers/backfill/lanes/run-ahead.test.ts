// A listing that runs ahead of the work: how far, how much at once, and how either ends the other.
import { describe, expect, test } from 'vitest';
import { forEachAtMost, runAhead } from '../../../../consumers/backfill/lanes/run-ahead.ts';
import { until } from '../../../until.ts';

const never = new AbortController().signal;

describe('a listing', () => {
  test('is passed on whole and in order, and runs ahead no farther than it may', async () => {
    let listed = 0;
    let ended = false;
    async function* items(): AsyncGenerator<number> {
      try {
        for (; listed < 100; listed++) yield listed;
      } finally {
        ended = true;
      }
    }
    const taken: number[] = [];
    for await (const item of runAhead(items(), 10)) {
      taken.push(item);
      await new Promise(setImmediate);
      expect(listed - taken.length).toBeLessThanOrEqual(10);
      if (taken.length === 1) expect(listed).toBeGreaterThan(5);
    }
    expect(taken).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(ended).toBe(true);
  });

  test('that fails is told when what came before it is taken', async () => {
    async function* items(): AsyncGenerator<number> {
      yield 1;
      throw new Error('denied');
    }
    const taken: number[] = [];
    const all = async () => {
      for await (const item of runAhead(items(), 10)) taken.push(item);
    };
    await expect(all()).rejects.toThrow('denied');
    expect(taken).toEqual([1]);
  });

  test('ends when nobody takes any more', async () => {
    let ended = false;
    let listed = 0;
    async function* items(): AsyncGenerator<number> {
      try {
        for (; ; listed++) yield listed;
      } finally {
        ended = true;
      }
    }
    for await (const item of runAhead(items(), 3)) if (item === 5) break;
    await until('the listing ended', () => ended);
    expect(listed).toBeLessThanOrEqual(5 + 3 + 1);
  });
});

describe('work', () => {
  async function* numbers(count: number): AsyncGenerator<number> {
    for (let i = 0; i < count; i++) yield i;
  }

  test('is done for each, at most so many at once', async () => {
    let [now, most, done] = [0, 0, 0];
    await forEachAtMost(numbers(50), 4, never, async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      done++;
    });
    expect([most, done]).toEqual([4, 50]);
  });

  test('that fails ends it, without waiting for the rest', async () => {
    const begun: number[] = [];
    const run = forEachAtMost(numbers(50), 4, never, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('the store is gone');
      await new Promise(() => {});
    });
    await expect(run).rejects.toThrow('the store is gone');
    expect(begun.length).toBeLessThanOrEqual(4);
  });

  test('is begun no more after the signal', async () => {
    const stop = new AbortController();
    let begun = 0;
    await forEachAtMost(numbers(50), 4, stop.signal, async (item) => {
      begun++;
      if (item === 10) stop.abort();
    });
    expect(begun).toBeLessThan(16);
  });

  test('is waited for no more after the signal, nor is a listing that says nothing', async () => {
    const stop = new AbortController();
    async function* silent(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    }
    let begun = 0;
    const run = forEachAtMost(runAhead(silent(), 3), 4, stop.signal, async () => {
      begun++;
      await new Promise(() => {});
    });
    await until('work began', () => begun === 1);
    stop.abort();
    await expect(run).resolves.toBeUndefined();
    expect(begun).toBe(1);
  });
});
