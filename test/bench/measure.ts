// Turns contestants into the medians of interleaved runs, so that what the machine does meanwhile hits all alike.

export type Contestants = Readonly<Record<string, () => void | Promise<void>>>;

/** Rounds that are not counted: a consumer runs for weeks, so what it costs until its code is compiled is left out. */
const WARM_UPS = 3;

/**
 * The median seconds of each contestant after some warm-ups of all; each round runs every one of them once. Seconds of
 * the processor (all threads of this process), not of the clock: budgets are about one core, busy machines about others.
 */
export const medians = async (rounds: number, contestants: Contestants): Promise<Record<string, number>> => {
  const seconds = new Map<string, number[]>();
  for (let round = 1 - WARM_UPS; round <= rounds; round++) {
    for (const [name, run] of Object.entries(contestants)) {
      const started = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(started);
      if (round > 0) seconds.set(name, [...(seconds.get(name) ?? []), (user + system) / 1e6]);
    }
  }
  return Object.fromEntries([...seconds].map(([name, all]) => [name, all.sort((a, b) => a - b)[all.length >> 1]]));
};

/** One line of the table. */
export interface BenchRow {
  readonly what: string;
  readonly ours: string;
  readonly baseline: string;
  /** What the budget is about: a ratio of speeds (or sizes), or MiB. */
  readonly ratio: string;
  readonly budget: string;
  readonly ok: boolean | null; // null: no budget, for information
}

export const rate = (bytes: number, seconds: number): string => `${(bytes / seconds / 1e6).toFixed(0)} MB/s`;
