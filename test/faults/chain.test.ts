// The exactly-once chain under kills, zombies, rewinds and different bounds: each record lands in one committed epoch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditStore } from '../../consumers/shared/audit/audit-store.ts';
import { EPOCH_BOUNDS } from '../../pipeline/epoch/contents.ts';
import { compareSequences } from '../../pipeline/epoch/sequence.ts';
import { DEFAULT_SETTINGS } from '../../schemas/settings.ts';
import { readChain } from './verify.ts';
import { addressOf, RETENTION, World } from './world.ts';

const RUNS = Number(process.env.VPCFLOW_FAULT_RUNS ?? 40);

/** Every distinct envelope exactly once, every redelivery counted and not merged, nothing left over. */
const expectExactlyOnce = async (world: World): Promise<void> => {
  const chain = readChain(world.store);
  const originals = new Set(world.originals);
  expect(chain.counts.records).toBe(world.records.length);
  expect(chain.counts.duplicates).toBe(world.records.length - originals.size);
  expect(chain.counts.lines).toBe(originals.size);
  const expected = new Map([...originals].map((n) => [addressOf(n), { flows: 1, bytes: 100 + n }]));
  expect(new Map([...chain.flows].sort())).toEqual(new Map([...expected].sort()));
  expect(chain.gaps).toEqual([]);
  expect(chain.orphans).toEqual([]);
  const { report } = await auditStore(world.store, { window: null });
  expect(report.gaps).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.lines).toBe(BigInt(originals.size));
};

describe('a crash after any single step', () => {
  it('loses nothing and counts nothing twice', async () => {
    let steps = Number.POSITIVE_INFINITY;
    for (let crash = 0; crash < steps; crash++) {
      const world = new World({ seed: 7, records: 12, duplicates: 0.2 });
      world.show(world.records.length);
      world.advanceTo(world.clock.now() + 120_000);
      world.start({ steady: true });
      let step = 0;
      for (let reads = 0; world.live > 0 && reads < 12; step++) {
        await world.step(([gate]) => {
          if (gate!.step === 'read') reads++;
          return { gate: gate!, kill: step === crash };
        });
      }
      if (crash === 0) steps = Number.MAX_SAFE_INTEGER;
      const survived = step <= crash;
      await world.finish();
      await expectExactlyOnce(world);
      if (survived) steps = crash;
    }
    expect(steps).toBeGreaterThan(40);
  });
});

describe('any number of workers', () => {
  it('kills, zombies, rewinds and different bounds: each record once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 5, max: 40 }), async (seed, records) => {
        const world = new World({ seed, records, duplicates: 0.15 });
        const { random } = world;
        for (let step = 0; step < 400; step++) {
          if (random() < 0.1) world.show(1 + Math.floor(random() * 4));
          if (world.live < 3 && random() < (world.live === 0 ? 0.5 : 0.03)) {
            world.start({
              bounds: { ...EPOCH_BOUNDS, rows: [1, 2, 5, 1000][Math.floor(random() * 4)]! },
              settings: { ...DEFAULT_SETTINGS, ports: random() < 0.3 ? 'all' : 'service' },
            });
          }
          if (random() < 0.01) {
            // A rewind: to the start, to any record that was read, or past what is committed.
            const at = Math.floor(random() * (world.visible + 1));
            world.checkpoint = world.records[at - 1]?.sequenceNumber ?? 'TRIM_HORIZON';
          }
          await world.step((gates) => ({ gate: gates[Math.floor(random() * gates.length)]!, kill: random() < 0.02 }));
        }
        await world.finish();
        await expectExactlyOnce(world);
      }),
      { numRuns: RUNS },
    );
  });

  it('a stream that loses its last records: the rest once, the lost at most once, and the chain goes on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 5, max: 30 }), async (seed, records) => {
        const world = new World({ seed, records });
        const { random } = world;
        for (let life = 0; life < 3; life++) {
          for (let step = 0; step < 100; step++) {
            if (random() < 0.1) world.show(1 + Math.floor(random() * 4));
            if (world.live === 0) world.start();
            await world.step((gates) => ({ gate: gates[Math.floor(random() * gates.length)]!, kill: random() < 0.01 }));
          }
          await world.killAll();
          world.lose(Math.floor(random() * 5));
        }
        await world.finish();
        const chain = readChain(world.store);
        world.records.forEach((record, n) => {
          const flows = chain.flows.get(addressOf(n))?.flows ?? 0;
          if (world.lost.has(record)) expect(flows).toBeLessThanOrEqual(1);
          else expect(flows).toBe(1);
        });
        expect(chain.orphans).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('what nobody can read any more is named as a gap, and nothing else is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 8, max: 30 }), async (seed, records) => {
        const world = new World({ seed, records });
        const { random } = world;
        for (let step = 0; step < 200; step++) {
          if (random() < 0.1) world.show(1 + Math.floor(random() * 3));
          if (world.live < 2 && random() < 0.2) world.start();
          await world.step((gates) => ({ gate: gates[Math.floor(random() * gates.length)]!, kill: random() < 0.05 }));
        }
        // Every worker is gone for longer than the stream keeps its records.
        await world.killAll();
        const readableFrom = Math.floor(random() * records);
        world.visible = records;
        world.advanceTo((world.records[readableFrom - 1]?.arrival ?? 0) + RETENTION + 1);
        if (random() < 0.5) world.checkpoint = 'TRIM_HORIZON';
        await world.finish();
        const chain = readChain(world.store);
        const readable = new Set(world.readable());
        world.records.forEach((record, n) => {
          const flows = chain.flows.get(addressOf(n))?.flows ?? 0;
          expect(flows).toBeLessThanOrEqual(1);
          if (flows === 1) return;
          expect(readable.has(record)).toBe(false);
          const named = chain.gaps.some(
            (gap) =>
              compareSequences(gap.after, record.sequenceNumber) < 0 &&
              compareSequences(record.sequenceNumber, gap.before) < 0,
          );
          // Before the chain's first link nothing was promised; after the last record nothing can be named yet.
          const first = chain.links === 0 || readable.size === 0;
          expect(named || first || chain.counts.records === readable.size).toBe(true);
        });
        expect(chain.orphans).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
