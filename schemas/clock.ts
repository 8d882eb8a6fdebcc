// The seam to time: whatever needs to know or wait for the time is given one.

export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
