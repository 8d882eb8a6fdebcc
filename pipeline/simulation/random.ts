// Turns a seed and a few numbers into a stream of pseudo-random numbers: the same everywhere, integers only.

/** Mixes numbers into one 32-bit hash (the finaliser of MurmurHash3 over a running sum). */
export const mix = (...parts: readonly number[]): number => {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part | 0), 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35) + (part >>> 7);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
};

/** mulberry32 (Tommy Ettinger): 32 bits of state, a full period, good enough for traffic and nothing else. */
export class Random {
  #state: number;

  constructor(...seed: readonly number[]) {
    this.#state = mix(...seed);
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return Math.floor((this.next() / 4_294_967_296) * n);
  }

  /** low to high, both inclusive. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in a share of `probability` (0 to 1) of the calls. */
  chance(probability: number): boolean {
    return this.next() < probability * 4_294_967_296;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A whole number whose mean is `expected`: how often something happens in one step. */
  times(expected: number): number {
    const whole = Math.floor(expected);
    return whole + (this.chance(expected - whole) ? 1 : 0);
  }
}
