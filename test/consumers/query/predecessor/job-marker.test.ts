// The marker of a job: one claim wins, it is kept alive, a takeover is noticed, and only the holder removes it.
import { describe, expect, test } from 'vitest';
import { JobMarker } from '../../../../consumers/query/predecessor/job-marker.ts';
import { isLive } from '../../../../pipeline/predecessor/job-plan.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { type Backing, MemoryStore, type StoreHooks } from '../../../fakes/memory-store.ts';

const KEY = 'windows/a_in_progress';
const TIMEOUT = 9000;

function place(hooks: StoreHooks = {}) {
  const backing: Backing = new Map();
  const clock = new ManualClock();
  return { store: new MemoryStore(backing, hooks), clock, key: KEY, timeout: TIMEOUT, backing };
}

const live = ({ backing, clock }: ReturnType<typeof place>): boolean => {
  const body = backing.get(KEY);
  return body !== undefined && isLive(body, clock.now(), TIMEOUT);
};

describe('a marker', () => {
  test('is one claimant’s, also of an abandoned one', async () => {
    const here = place();
    const claims = await Promise.all([JobMarker.claim(here, null), JobMarker.claim(here, null)]);
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    const tag = (await here.store.get(KEY))?.tag ?? '';
    const over = await Promise.all([JobMarker.claim(here, tag), JobMarker.claim(here, tag)]);
    expect(over.filter((claim) => claim !== null)).toHaveLength(1);
  });

  test('lives as long as its job, and is gone with it', async () => {
    const here = place();
    const marker = await JobMarker.claim(here, null);
    for (let time = 0; time < 10; time++) {
      await here.clock.advance(TIMEOUT / 2);
      expect(live(here)).toBe(true);
    }
    await marker?.release();
    expect(here.backing.size).toBe(0);
    expect(here.clock.sleeping).toBe(0);
  });

  test('outlives a store that does not answer for a while', async () => {
    let out = false;
    const here = place({
      beforeEach: () => {
        if (out) throw new Error('out');
      },
    });
    await JobMarker.claim(here, null);
    await here.clock.advance(3500);
    out = true;
    await here.clock.advance(5000);
    expect(live(here)).toBe(true);
    out = false;
    await here.clock.advance(1000);
    const tag = here.backing.get(KEY)?.toString();
    await here.clock.advance(3000);
    expect(here.backing.get(KEY)?.toString()).not.toBe(tag);
  });

  test('is removed once the store answers again', async () => {
    let out = false;
    const here = place({
      beforeEach: () => {
        if (out) throw new Error('out');
      },
    });
    const marker = await JobMarker.claim(here, null);
    out = true;
    await expect(marker?.release()).rejects.toThrow('out');
    const released = marker?.release(new AbortController().signal);
    await here.clock.advance(2500);
    expect(here.backing.size).toBe(1);
    out = false;
    await here.clock.advance(5000);
    await released;
    expect(here.backing.size).toBe(0);
    expect(here.clock.sleeping).toBe(0);
  });

  test('of a store that never answers stays, and nothing waits for it for ever', async () => {
    let out = false;
    const here = place({
      beforeEach: () => {
        if (out) throw new Error('out');
      },
    });
    const marker = await JobMarker.claim(here, null);
    out = true;
    const released = expect(marker?.release(new AbortController().signal)).rejects.toThrow('out');
    await here.clock.advance(120_000);
    await released;
    const stopping = new AbortController();
    const stopped = expect(marker?.release(stopping.signal)).rejects.toThrow('out');
    stopping.abort();
    await stopped;
    expect(here.clock.sleeping).toBe(0);
  });

  test('that was taken over aborts the job, and stays the other’s', async () => {
    const here = place();
    const marker = await JobMarker.claim(here, null);
    const other = Buffer.from('{"time":"2026-11-20T05:00:00Z"}');
    here.backing.set(KEY, other);
    await expect(marker?.confirm()).rejects.toMatchObject({ code: 'VF_CLAIM_LOST' });
    expect(marker?.lost.aborted).toBe(true);
    await marker?.release();
    expect(here.backing.get(KEY)).toBe(other);
    expect(here.clock.sleeping).toBe(0);
  });
});
