// Daemons, children and whole workers that die or are told to end while records flow: every record counts once.
import { describe, expect } from 'vitest';
import { random } from '../faults/world.ts';
import { READY } from './bed.ts';
import { LONG, scenario } from './scenario.ts';
import { times } from './traffic.ts';

describe.skipIf(!READY)('processes', () => {
  const kills = LONG ? 6 : 3;

  scenario(
    `kill -9 of the child at ${kills} random moments, ${LONG ? 400 : 200},000 lines`,
    { shards: 2 },
    async (bed, seed) => {
      const chance = random(seed);
      const records = times(LONG ? 8_000 : 4_000, () => bed.traffic.envelope(50));
      const putting = bed.stream.put(records);
      for (let kill = 0; kill < kills; kill++) {
        const worker = await bed.start();
        await bed.committed(Math.floor(((kill + chance()) / kills) * 0.9 * records.length));
        const { pid } = await worker.child(Math.floor(chance() * 2));
        process.kill(pid, 'SIGKILL');
        expect((await worker.gone()).status, worker.tail()).toBe(1);
      }
      await bed.start();
      await putting;
      await bed.finish();
      expect(bed.stream.count.lines).toBeGreaterThanOrEqual(200_000);
    },
  );

  scenario('kill -9 of the daemon', { shards: 2 }, async (bed) => {
    const putting = bed.stream.put(times(1500, () => bed.traffic.envelope(20)));
    const worker = await bed.start();
    await bed.committed(200);
    process.kill((await worker.daemon()).pid, 'SIGKILL');
    expect((await worker.gone()).status, worker.tail()).toBe(1);
    await bed.start();
    await putting;
    await bed.finish();
  });

  scenario('kill -9 of the worker itself: its daemon and children end', { shards: 2 }, async (bed) => {
    const putting = bed.stream.put(times(1500, () => bed.traffic.envelope(20)));
    const worker = await bed.start();
    await bed.committed(200);
    expect((await worker.family()).children.length).toBe(2);
    worker.signal('SIGKILL');
    await worker.gone();
    await bed.start();
    await putting;
    await bed.finish();
  });

  scenario('enhanced fan-out, kill -9 of the child', { shards: 2 }, async (bed) => {
    const putting = bed.stream.put(times(800, () => bed.traffic.envelope(20)));
    const fanout = { options: ['--retrieval', 'fanout'] };
    const worker = await bed.start(fanout);
    await bed.committed(200);
    process.kill((await worker.child()).pid, 'SIGKILL');
    expect((await worker.gone()).status, worker.tail()).toBe(1);
    await bed.start(fanout);
    await putting;
    await bed.finish();
  });

  scenario('SIGTERM in the middle of a batch', {}, async (bed) => {
    await bed.stream.put(times(1500, () => bed.traffic.envelope(40)));
    const worker = await bed.start();
    await bed.committed(100);
    await bed.stop(worker);
    // It was told in the middle, and what it had is committed and checkpointed.
    expect(await bed.commits.records()).toBeLessThan(bed.stream.count.records);
    expect((await bed.leases()).get('shardId-000000000000')?.checkpoint).toBe(
      await bed.chainEnd('shardId-000000000000'),
    );
    await bed.start();
    await bed.finish();
  });
});
