// Turns minutes of interfaces into bits, an hour a mask, and into the runs that a claim names, and back.
import type { InterfaceMinutes } from '../../schemas/chain.ts';

/** The minutes of one hour: bits 0 to 29 of `low` are its first half, those of `high` its second. */
export interface Mask {
  low: number;
  high: number;
}

const HALF = 30;
const MINUTES_AN_HOUR = 60;

export const setMinute = (mask: Mask, minute: number): void => {
  const bit = minute % MINUTES_AN_HOUR;
  if (bit < HALF) mask.low |= 1 << bit;
  else mask.high |= 1 << (bit - HALF);
};

export const hasMinute = (mask: Mask, minute: number): boolean => {
  const bit = minute % MINUTES_AN_HOUR;
  return ((bit < HALF ? mask.low >>> bit : mask.high >>> (bit - HALF)) & 1) === 1;
};

export const addMask = (to: Mask, { low, high }: Mask): void => {
  to.low |= low;
  to.high |= high;
};

export const isEmptyMask = ({ low, high }: Mask): boolean => (low | high) === 0;

interface InterfaceHours {
  readonly account: string | null;
  readonly interface: string | null;
  readonly hours: Map<number, Mask>;
}

/** A set of (account, interface, minute); NULL is a value like any other. Minutes are Unix seconds / 60, hours / 3600. */
export class MinuteSet {
  readonly #interfaces = new Map<string, InterfaceHours>();
  #masks = 0;

  static of(runs: readonly InterfaceMinutes[]): MinuteSet {
    const set = new MinuteSet();
    for (const one of runs) {
      for (const [first, minutes] of one.runs) {
        const begin = Math.floor(first / 60);
        for (let minute = begin; minute < begin + minutes; minute++) {
          setMinute(set.at(one.account, one.interface, Math.floor(minute / MINUTES_AN_HOUR)), minute);
        }
      }
    }
    return set;
  }

  /** How many masks: what its memory grows with. */
  get masks(): number {
    return this.#masks;
  }

  /** The minutes of an interface's hour, to be changed. */
  at(account: string | null, iface: string | null, hour: number): Mask {
    const key = keyOf(account, iface);
    let known = this.#interfaces.get(key);
    if (known === undefined) {
      known = { account, interface: iface, hours: new Map() };
      this.#interfaces.set(key, known);
    }
    let mask = known.hours.get(hour);
    if (mask === undefined) {
      mask = { low: 0, high: 0 };
      known.hours.set(hour, mask);
      this.#masks++;
    }
    return mask;
  }

  /** The minutes of an interface's hour; null: none. */
  mask(account: string | null, iface: string | null, hour: number): Readonly<Mask> | null {
    return this.#interfaces.get(keyOf(account, iface))?.hours.get(hour) ?? null;
  }

  /** Sorted by account and interface, NULL first; the same set gives the same runs. */
  runs(): readonly InterfaceMinutes[] {
    return [...this.#interfaces.values()]
      .map(({ account, interface: iface, hours }) => ({ account, interface: iface, runs: runsOf(hours) }))
      .filter(({ runs }) => runs.length > 0)
      .sort((a, b) => compare(a.account, b.account) || compare(a.interface, b.interface));
  }
}

/** Neither holds a line feed: they are words of a line. */
const keyOf = (account: string | null, iface: string | null): string =>
  `${account === null ? '-' : `=${account}`}\n${iface === null ? '-' : `=${iface}`}`;

const compare = (a: string | null, b: string | null): number => {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
};

const runsOf = (hours: ReadonlyMap<number, Mask>): [number, number][] => {
  const runs: [number, number][] = [];
  for (const [hour, mask] of [...hours].sort(([a], [b]) => a - b)) {
    for (let minute = hour * MINUTES_AN_HOUR; minute < (hour + 1) * MINUTES_AN_HOUR; minute++) {
      if (!hasMinute(mask, minute)) continue;
      const last = runs.at(-1);
      if (last !== undefined && last[0] + last[1] * 60 === minute * 60) last[1]++;
      else runs.push([minute * 60, 1]);
    }
  }
  return runs;
};
