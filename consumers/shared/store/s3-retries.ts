// Turns what an attempt of an S3 request failed with into whether there is another, and after what pause.
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { Clock } from '../../../schemas/clock.ts';
import { systemClock } from '../clock.ts';

/** The SDK's own interface, of which it exports no name that a direct dependency has. */
type RetryStrategy = Extract<NonNullable<S3ClientConfig['retryStrategy']>, { acquireInitialRetryToken: unknown }>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

export interface RetryLimits {
  readonly attempts: number;
  /** No attempt begins later than this after the first; the deadline of a call must be longer. */
  readonly patience: number; // ms
  /** After the first failure; doubled after each further one. */
  readonly pause: number; // ms
}

/** S3 takes minutes to spread a load that it throttles: told to slow down, wait this many times longer. */
const THROTTLED = 10;
const LONGEST_PAUSE = 20_000; // ms

/**
 * The SDK decides which failures are worth another attempt (none other than it would repeat itself). Ours is how long
 * it goes on: its standard strategy gives up a server that restarts within a second, and shares one budget of retries
 * among the requests of a client, so that one of several puts at once would fail although its turn to try had come.
 */
export const s3Retries = (limits: RetryLimits, clock: Clock = systemClock): RetryStrategy => {
  const token = (count: number, delay: number, began: number): RetryToken & { readonly began: number } => ({
    ...{ getRetryCount: () => count, getRetryDelay: () => delay },
    began,
  });
  return {
    acquireInitialRetryToken: async () => token(0, 0, clock.now()),
    refreshRetryTokenForRetry: async (last, { errorType, retryAfterHint }) => {
      const began = 'began' in last && typeof last.began === 'number' ? last.began : clock.now();
      const count = last.getRetryCount() + 1;
      const now = clock.now();
      const throttled = errorType === 'THROTTLING';
      const step = limits.pause * (throttled ? THROTTLED : 1) * 2 ** (count - 1);
      const drawn = Math.min(step, LONGEST_PAUSE) * (0.5 + Math.random() / 2);
      const delay = Math.round(Math.max(drawn, Math.min((retryAfterHint?.getTime() ?? now) - now, LONGEST_PAUSE)));
      const again = throttled || errorType === 'TRANSIENT';
      // The SDK takes any rejection for "no more", and throws what the attempt failed with.
      if (!again || count >= limits.attempts || now + delay - began > limits.patience)
        throw new Error('no more attempts');
      return token(count, delay, began);
    },
    recordSuccess: () => undefined,
  };
};
