// Turns the rejects of committed epochs into warnings that say what to do, about one a minute for each shard.
import type { RejectCounts } from '../../schemas/counts.ts';
import type { Log } from '../shared/log.ts';

/** A shard whose format is not declared rejects every line of every epoch: what comes sooner is added up. */
const INTERVAL = 60_000; // ms

const MESSAGE =
  'input was rejected; it is kept in rejects/. Where the reason is the format (token_count, no_format, bad_…), ' +
  'declare the LogFormat of its log group with --formats (`vpcflow formats discover` writes the file)';

interface Held {
  warned: number; // Unix ms
  epochs: number;
  rejects: number;
  byReason: Record<string, number>;
}

export class RejectWarnings {
  readonly #log: Log;
  readonly #shards = new Map<string, Held>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Warns at once, or adds to what the next warning tells. `at` in Unix ms. */
  committed(shard: string, { total, by_reason }: RejectCounts, at: number): void {
    if (total === 0) return;
    const held = this.#shards.get(shard) ?? { warned: Number.NEGATIVE_INFINITY, epochs: 0, rejects: 0, byReason: {} };
    this.#shards.set(shard, held);
    held.epochs += 1;
    held.rejects += total;
    for (const [reason, count] of Object.entries(by_reason)) {
      held.byReason[reason] = (held.byReason[reason] ?? 0) + count;
    }
    this.passed(shard, at);
  }

  /** Time has passed: tells what was held back, when it is due. `at` in Unix ms. */
  passed(shard: string, at: number): void {
    const held = this.#shards.get(shard);
    if (held === undefined || held.epochs === 0 || at - held.warned < INTERVAL) return;
    this.#warn(shard, held);
    this.#shards.set(shard, { warned: at, epochs: 0, rejects: 0, byReason: {} });
  }

  /** The last word on a shard that is given up. */
  released(shard: string): void {
    const held = this.#shards.get(shard);
    if (held !== undefined && held.epochs > 0) this.#warn(shard, held);
    this.#shards.delete(shard);
  }

  #warn(shard: string, { epochs, rejects, byReason }: Held): void {
    this.#log.warn({ shard, rejects, by_reason: byReason, epochs }, MESSAGE);
  }
}
