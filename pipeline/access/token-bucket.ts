// Decides whether a client may ask once more: a bucket that a question takes a token from, and time fills again.

export interface Bucket {
  readonly tokens: number;
  readonly at: number; // Unix ms
}

const MINUTE_MS = 60_000;

/** A clock may be set back. */
const refilled = ({ tokens, at }: Bucket, perMinute: number, now: number): number =>
  Math.min(perMinute, tokens + (Math.max(0, now - at) * perMinute) / MINUTE_MS);

/**
 * The bucket after a question at `now` (Unix ms), and how long to wait where there is no token for it (0 where there
 * is), ms. The bucket of a client that was not seen before (undefined) is full: it holds the questions of a minute.
 */
export const take = (
  before: Bucket | undefined,
  perMinute: number,
  now: number,
): { readonly bucket: Bucket; readonly wait: number } => {
  const tokens = before === undefined ? perMinute : refilled(before, perMinute, now);
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, at: now }, wait: 0 };
  return { bucket: { tokens, at: now }, wait: Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute) };
};

/** Whether it is like that of a client that was never seen, and can be forgotten. */
export const isFull = (bucket: Bucket, perMinute: number, now: number): boolean =>
  refilled(bucket, perMinute, now) >= perMinute;
