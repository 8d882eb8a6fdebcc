// Decides whether a client may ask once more: a bucket that a question takes a token from, and time fills again.

/** A question costs so much, and each ms of a bucket of N questions a minute fills it by N: whole numbers, no rounding. */
const QUESTION = 60_000;

export interface Bucket {
  readonly level: number;
  readonly at: number; // Unix ms
}

/** A clock may be set back. */
const refilled = ({ level, at }: Bucket, perMinute: number, now: number): number =>
  Math.min(perMinute * QUESTION, level + Math.max(0, now - at) * perMinute);

/**
 * The bucket after a question at `now` (Unix ms), and how long to wait where there is no token for it (0 where there
 * is), ms. The bucket of a client that was not seen before (undefined) is full: it holds the questions of a minute.
 */
export const take = (
  before: Bucket | undefined,
  perMinute: number,
  now: number,
): { readonly bucket: Bucket; readonly wait: number } => {
  const level = before === undefined ? perMinute * QUESTION : refilled(before, perMinute, now);
  if (level >= QUESTION) return { bucket: { level: level - QUESTION, at: now }, wait: 0 };
  return { bucket: { level, at: now }, wait: Math.ceil((QUESTION - level) / perMinute) };
};

/** Whether it is like that of a client that was never seen, and can be forgotten. */
export const isFull = (bucket: Bucket, perMinute: number, now: number): boolean =>
  refilled(bucket, perMinute, now) >= perMinute * QUESTION;
