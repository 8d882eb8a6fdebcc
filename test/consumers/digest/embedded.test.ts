// The digest processor on the embedded engine: what was put is what the audit finds, over renewals, pauses of days and redelivery.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DigestProcessor } from '../../../consumers/digest/processor.ts';
import { auditStore } from '../../../consumers/shared/audit/audit-store.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { FLOWS, LocalEngine } from '../../../consumers/shared/embedded/local-engine.ts';
import { type LocalKinesis, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { ensureLayout } from '../../../consumers/shared/store/layout.ts';
import { type Envelope, Subscription } from '../../../pipeline/simulation/envelopes.ts';
import { SIMULATED, SIMULATED_FORMAT } from '../../../pipeline/simulation/record.ts';
import { Simulation } from '../../../pipeline/simulation/simulation.ts';
import { LOG_GROUP } from '../../../pipeline/simulation/world.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';

/** It takes ten seconds alone, most of them spent waiting for a process that a busy machine may starve. */
const PATIENCE = 300_000; // ms

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-digest-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const settings = { ...DEFAULT_SETTINGS, formats: [{ logGroup: LOG_GROUP, format: SIMULATED_FORMAT }] };

const start = async (clock: Clock): Promise<{ readonly engine: LocalEngine; readonly kinesis: LocalKinesis }> => {
  const store = new DirectoryStore(directory);
  await ensureLayout(store);
  const state = join(directory, '.vpcflow');
  const kinesis = await startLocalKinesis(join(state, 'kinesis'));
  const { engine } = await LocalEngine.start({
    ...{ kinesis, stream: FLOWS, state, store, clock, renewBytes: 1, renewMs: 0 },
    createProcessor: (stream, history) =>
      new DigestProcessor({ store, stream: stream.id, settings, workerId: 'test', clock, history }),
  });
  return { engine, kinesis };
};

/** A stretch of traffic that lies in the last hour, as records. */
const traffic = (seconds: number): Envelope[] => {
  const begin = Math.floor(Date.now() / 1000) - 1800;
  const simulation = new Simulation({ seed: 3, start: begin, anchor: begin, rate: 60, format: SIMULATED });
  const subscription = new Subscription(3, begin);
  const made: Envelope[] = [];
  while (simulation.second < begin + seconds) made.push(...subscription.deliver(simulation.second, simulation.next()));
  return [...made, ...subscription.deliver(simulation.second, simulation.flush())];
};

const lines = (envelopes: readonly Envelope[]): number => envelopes.reduce((sum, one) => sum + one.lines, 0);

test(
  'what was put is what the audit finds: each line once, redelivery counted apart',
  async () => {
    const all = traffic(400);
    const fresh = all.filter((one) => !one.redelivered);
    const third = Math.ceil(all.length / 3);
    const parts = [all.slice(0, third), all.slice(third, 2 * third), all.slice(2 * third)];

    const { engine, kinesis } = await start(systemClock);
    await engine.put(parts[0]!);
    await engine.maintain(); // renews the stream
    await engine.put(parts[1]!);
    await engine.stop();
    await kinesis.stop();
    // Two days later: by then no stream keeps what came before, and yet nothing was lost.
    const later: Clock = { now: () => Date.now() + 2 * 86_400_000, sleep: systemClock.sleep };
    const { engine: again, kinesis: next } = await start(later);
    await again.put(parts[2]!);
    await again.put(all.slice(-3)); // and once more
    await again.stop();
    await next.stop();

    const { report } = await auditStore(new DirectoryStore(directory), { window: null });
    expect(report.gaps).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.rejects.total).toBe(0n);
    expect(report.lines).toBe(BigInt(lines(fresh)));
    const records = all.length + 3;
    expect(report.records).toBe(BigInt(records));
    expect(report.control).toBe(BigInt(all.filter((one) => one.lines === 0).length));
    expect(report.duplicates).toBe(BigInt(records - fresh.length));
  },
  PATIENCE,
);
