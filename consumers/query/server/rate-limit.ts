// Counts the questions of each client, by its name or else its address, and says how long one has to wait.
// Not @fastify/rate-limit: it counts in fixed windows, so that a client gets twice its share around the end of one.
import { type Bucket, isFull, take } from '../../../pipeline/access/token-bucket.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { plainAddress } from '../../shared/networks.ts';

/** More clients than this in a minute: those that asked longest ago are forgotten, and may ask as if they never had. */
const MAX_CLIENTS = 10_000;

export class RateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>(); // in the order of their last question

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** 0: it may ask; otherwise how long it has to wait until it may, ms. */
  wait(client: string): number {
    const now = this.#clock.now();
    const { bucket, wait } = take(this.#buckets.get(client), this.#perMinute, now);
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    for (const [key, oldest] of this.#buckets) {
      if (this.#buckets.size <= MAX_CLIENTS && !isFull(oldest, this.#perMinute, now)) break;
      if (key !== client) this.#buckets.delete(key);
      else break;
    }
    return wait;
  }
}

/** An address as a client: of IPv6 its /64, which a client has all of. */
export const addressClient = (address: string): string => {
  const plain = plainAddress(address);
  if (!plain.includes(':')) return plain;
  const [head, tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length);
  return [...groups, ...Array<string>(zeros).fill('0'), ...behind].slice(0, 4).join(':');
};
