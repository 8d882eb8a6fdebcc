// Drives a fleet: by chance through faults, then undisturbed to the end, and judges what the store then holds.
import { expect } from 'vitest';
import { auditStore } from '../../consumers/shared/audit/audit-store.ts';
import { EPOCH_BOUNDS } from '../../pipeline/epoch/contents.ts';
import type { Fleet, Gate, WorkerOptions } from './fleet.ts';
import type { PutKind } from './streams.ts';
import { readChain } from './verify.ts';

/** How many seeds each test that draws them runs; a thousand take about ten minutes a test. */
export const RUNS = Number(process.env.VPCFLOW_FAULT_RUNS ?? 5);
/** For `it`: ms. */
export const TIMEOUT = 120_000 + RUNS * 5_000;

/** Chances a step of what may happen in it. */
export interface Chances {
  readonly put?: number;
  /** Kinds of puts, each as likely. */
  readonly kinds?: readonly PutKind[];
  /** A minute passes. */
  readonly minute?: number;
  /** A shard that nobody works on is started. */
  readonly start?: number;
  /** A lease is taken from a living owner. */
  readonly steal?: number;
  readonly kill?: number;
  readonly killAll?: number;
  /** Every worker is gone and all checkpoints are forgotten. */
  readonly rewind?: number;
  readonly split?: number;
  readonly merge?: number;
  readonly worker?: () => WorkerOptions;
}

const MAX_SHARDS = 9;
const MAX_LIVE = 8;

/** So many steps of whatever chance brings. */
export const churn = async (fleet: Fleet, steps: number, chances: Chances): Promise<void> => {
  const { streams } = fleet;
  const { random } = streams;
  const { put = 0.08, kinds = ['flow'], minute = 0.02, start = 0.5, steal = 0.01 } = chances;
  const { worker = () => ({ bounds: { ...EPOCH_BOUNDS, rows: streams.pick([1, 3, 1000]) } }) } = chances;
  const { kill = 0.01, killAll = 0.002, rewind = 0, split = 0, merge = 0 } = chances;
  for (let step = 0; step < steps; step++) {
    // Often several at one moment.
    if (random() < put) for (let n = streams.pick([1, 1, 2, 3]); n > 0; n--) streams.put(streams.pick(kinds));
    if (random() < minute) await streams.clock.advance(20_000 + Math.floor(random() * 60_000));
    if (streams.shards.length < MAX_SHARDS && random() < split) streams.split();
    if (streams.shards.length < MAX_SHARDS && random() < merge) streams.merge();
    for (const shard of fleet.startable) {
      const chance = fleet.isWorkedOn(shard) ? steal : start;
      if (fleet.live < MAX_LIVE && random() < chance) fleet.start(shard, worker());
    }
    if (random() < killAll) fleet.killAll();
    if (random() < rewind) {
      fleet.killAll();
      fleet.checkpoints.clear();
    }
    await fleet.step((gates) => {
      const gate = streams.pick(gates);
      if (random() >= kill) return gate;
      fleet.kill(gate.worker);
      return null;
    });
  }
};

const isDone = (fleet: Fleet): boolean => {
  const { shards } = fleet.streams;
  const last = Math.max(...fleet.streams.records.map(({ arrival }) => arrival), 0);
  return (
    shards.every((shard) => fleet.watch.committed(shard) === shard.records.length) &&
    shards.every((shard) => !shard.closed || fleet.position(shard) === 'SHARD_END') &&
    fleet.watch.completeUntil > last
  );
};

/** Workers that nothing disturbs read what is left, until all of it is committed and called complete. */
export const finish = async (fleet: Fleet, options: WorkerOptions = {}): Promise<void> => {
  fleet.killAll();
  await fleet.streams.clock.advance(120_000);
  for (let step = 0; !isDone(fleet); step++) {
    if (step > 20_000) throw new Error(`it does not come to an end: ${fleet.failures.slice(-5).join(', ')}`);
    for (const shard of fleet.startable) {
      if (!fleet.isWorkedOn(shard)) fleet.start(shard, { ...options, steady: true });
    }
    await fleet.streams.clock.advance(2_000);
    await fleet.step((gates: readonly Gate[]) => gates[step % gates.length]!);
  }
  fleet.killAll();
};

/** All that was put on the stream counts as the independent count says, by address and reason, and the audit agrees. */
export const expectExactlyOnce = async (fleet: Fleet): Promise<void> => {
  const { expected, shards } = fleet.streams;
  const chains = shards.map((shard) => readChain(fleet.store, shard.id));
  const flows = new Map<string, { flows: number; bytes: number }>();
  const reasons = new Map<string, number>();
  for (const chain of chains) {
    for (const [address, sum] of chain.flows) {
      const before = flows.get(address) ?? { flows: 0, bytes: 0 };
      flows.set(address, { flows: before.flows + sum.flows, bytes: before.bytes + sum.bytes });
    }
    for (const [reason, count] of chain.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  const total = (of: (chain: (typeof chains)[number]) => number): number => chains.reduce((sum, c) => sum + of(c), 0);
  expect(new Map([...flows].sort())).toEqual(new Map([...expected.flows].sort()));
  expect(new Map([...reasons].sort())).toEqual(new Map([...expected.reasons].sort()));
  expect({
    records: total(({ counts }) => counts.records),
    duplicates: total(({ counts }) => counts.duplicates),
    control: total(({ counts }) => counts.control),
  }).toEqual({ records: expected.records, duplicates: expected.duplicates, control: expected.control });
  expect(chains.flatMap((chain) => chain.orphans)).toEqual([]);
  expect(chains.map((chain) => chain.tombstones)).toEqual(shards.map(() => 0));
  const { report } = await auditStore(fleet.store, { window: null });
  expect(report.gaps).toEqual([]);
  expect(report.ok).toBe(true);
};
