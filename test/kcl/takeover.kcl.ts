// Shards that pass from one worker to another, willingly or not, while the old owner lives on and writes.
import { describe, expect } from 'vitest';
import { READY } from './bed.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { LONG, scenario } from './scenario.ts';
import { times } from './traffic.ts';

/** A store in front of which what is written to a table waits until it is released. */
const holding = (proxy: FaultProxy) => {
  let release = (): void => {};
  const state = {
    endpoint: proxy.endpoint,
    held: 0,
    /** Answers to what was held: somebody else was first. */
    late: 0,
    hold: (table: string): void => {
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      proxy.decide = async ({ method, path }, forward) => {
        if (method !== 'PUT' || !path.includes(`/store/${table}/`)) return await forward();
        state.held++;
        await released;
        const answer = await forward();
        if (answer.status === 412) state.late++;
        return answer;
      };
    },
    release: (): void => release(),
  };
  return state;
};

describe.skipIf(!READY)('take-over', () => {
  scenario('a zombie: its lease is taken while it stands still, then it goes on', {}, async (bed) => {
    const putting = bed.stream.put(times(3000, () => bed.traffic.envelope(20)));
    const zombie = await bed.start({ id: 'zombie' });
    await bed.committed(150);
    const { group } = await zombie.daemon();
    process.kill(-group, 'SIGSTOP'); // its daemon and its child, with what they have in their hands
    const taken = await bed.commits.records();
    await bed.forgetLeader();
    await bed.start({ id: 'heir' });
    await bed.committed(taken + 100);
    bed.keepRunning(); // whichever of the two loses a claim to the other ends, and comes again
    process.kill(-group, 'SIGCONT');
    await putting;
    await bed.finish();
  });

  scenario('a zombie that commits an epoch after its heir has', { s3: true }, async (bed) => {
    await bed.stream.put(times(400, () => bed.traffic.envelope(50)));
    const store = holding(await bed.storeProxy());
    const zombie = await bed.start({ id: 'zombie', environment: { AWS_ENDPOINT_URL_S3: store.endpoint } });
    await bed.committed(50);
    store.hold('commits');
    await bed.until('the zombie wants to commit', async () => store.held > 0);
    process.kill((await zombie.daemon()).pid, 'SIGSTOP'); // its child lives on
    const taken = await bed.commits.records();
    await bed.forgetLeader();
    const heir = await bed.start({ id: 'heir' });
    await bed.committed(taken + 50);
    await bed.until('the claim is adopted', async () => (await heir.metric('claims_adopted_total')) > 0);
    store.release();
    await bed.until('the zombie learns that its epoch is committed', async () => store.late > 0);
    bed.keepRunning();
    process.kill((await zombie.daemon()).pid, 'SIGCONT');
    await bed.finish();
  });

  scenario('a zombie that claims an epoch after its heir has claimed another', { s3: true }, async (bed) => {
    await bed.stream.put(times(400, () => bed.traffic.envelope(50)));
    const store = holding(await bed.storeProxy());
    const zombie = await bed.start({ id: 'zombie', environment: { AWS_ENDPOINT_URL_S3: store.endpoint } });
    await bed.committed(50);
    store.hold('claims');
    await bed.until('the zombie wants to claim', async () => store.held > 0);
    process.kill((await zombie.daemon()).pid, 'SIGSTOP');
    const taken = await bed.commits.records();
    await bed.forgetLeader();
    await bed.start({ id: 'heir', options: ['--epoch-rows', '150'] });
    await bed.committed(taken + 50);
    store.release();
    expect((await zombie.gone()).status).toBe(1);
    expect(zombie.running.stderr()).toContain('VF_CLAIM_LOST');
    await bed.finish();
  });

  scenario('a second worker joins: shards are handed over', { shards: 4 }, async (bed) => {
    const first = await bed.start({ id: 'first' });
    await bed.stream.put(times(400, () => bed.traffic.envelope(20)));
    await bed.committed(200);
    const second = await bed.start({ id: 'second' });
    await bed.until('both have shards', async () => {
      const owners = [...(await bed.leases()).values()].map(({ owner }) => owner);
      await bed.stream.put(times(5, () => bed.traffic.envelope(20)));
      return owners.includes('first') && owners.includes('second');
    });
    await bed.stream.put(times(800, () => bed.traffic.envelope(20)));
    // The first may have read all of it before it has handed anything over.
    await bed.until('both commit', async () => {
      await bed.stream.put(times(5, () => bed.traffic.envelope(20)));
      const committed = await Promise.all([first, second].map((worker) => worker.metric('epochs_total')));
      return committed.every((epochs) => epochs > 0);
    });
    await bed.finish();
  });

  // Nothing shortened: the random wait on an empty lease table, and a leader's lock that lasts for two minutes.
  if (LONG)
    scenario('a leader dies, and nobody removes its lock', { shards: 2, seeded: false }, async (bed) => {
      const putting = bed.stream.put(times(3000, () => bed.traffic.envelope(50)));
      const leader = await bed.start({ id: 'leader' });
      await bed.committed(300);
      process.kill((await leader.daemon()).pid, 'SIGKILL');
      expect((await leader.gone()).status, leader.tail()).toBe(1);
      const taken = await bed.commits.records();
      await bed.start({ id: 'heir' });
      await bed.until('the heir commits', async () => (await bed.commits.records()) > taken, 300);
      await putting;
      await bed.finish();
    });
});
