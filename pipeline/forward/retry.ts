// Turns the answer to a PutRecordBatch call into what has to be sent again, and how long to wait before.

/** One record's part of an answer, as the API has it. */
export interface RecordAnswer {
  readonly RecordId?: string | undefined;
  readonly ErrorCode?: string | undefined;
  readonly ErrorMessage?: string | undefined;
}

const FIRST_PAUSE = 200; // ms
/** Throttled: the quota of a stream is one of seconds. */
const FIRST_PAUSE_THROTTLED = 1000; // ms
export const LONGEST_PAUSE = 30_000; // ms

/** The records that were not taken: those without an id, in order. */
export const refused = <R>(batch: readonly R[], answers: readonly RecordAnswer[]): readonly R[] =>
  batch.filter((_, i) => answers[i]?.RecordId === undefined || answers[i].ErrorCode !== undefined);

/** Whether an error's name says that there was too much, or too much at once. */
export const isThrottle = (name: string): boolean =>
  /^(ServiceUnavailable|LimitExceeded|Throttling|TooManyRequests|ProvisionedThroughputExceeded|SlowDown)/.test(name);

/**
 * Ms to wait before the attempt after `failures` failed ones in a row (at least one): doubled after each, up to half a
 * minute, of which `chance` (0 to 1) decides the second half, so that workers that failed together do not come together.
 */
export const pauseAfter = (failures: number, throttled: boolean, chance: number): number => {
  const first = throttled ? FIRST_PAUSE_THROTTLED : FIRST_PAUSE;
  return Math.min(first * 2 ** Math.min(failures - 1, 30), LONGEST_PAUSE) * (0.5 + chance / 2);
};
