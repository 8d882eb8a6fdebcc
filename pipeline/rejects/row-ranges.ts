// Turns ascending row numbers of a reject log into ranges, and ranges into the answer whether a row is in one of them.
import type { RowRanges } from '../../schemas/chain.ts';

/** Gathers rows that come in ascending order. */
export class RowGatherer {
  readonly #ranges: [number, number][] = [];
  #count = 0;

  add(row: number): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && row === last[1] + 1) last[1] = row;
    else this.#ranges.push([row, row]);
    this.#count++;
  }

  /** Whether a row that is added would begin a range. */
  begins(row: number): boolean {
    return this.#ranges.at(-1)?.[1] !== row - 1;
  }

  /** How many rows. */
  get count(): number {
    return this.#count;
  }

  get ranges(): RowRanges {
    return this.#ranges;
  }
}

export const rowCount = (ranges: RowRanges): number =>
  ranges.reduce((sum, [first, last]) => sum + Math.max(0, last - first + 1), 0);

/** Whether they are what a claim may hold: not empty, ascending, apart from one another. */
export const areRanges = (ranges: RowRanges): boolean =>
  ranges.length > 0 &&
  ranges.every(([first, last], i) => first <= last && (i === 0 || first > (ranges[i - 1]?.[1] ?? 0) + 1));

/** The rows of several ranges as one, however they lie to one another. */
export const unionOf = (several: readonly RowRanges[]): RowRanges => {
  const union: [number, number][] = [];
  for (const [first, last] of several.flat().sort(([a], [b]) => a - b)) {
    const before = union.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else union.push([first, last]);
  }
  return union;
};

/** A row that two of them have, or null. */
export const sharedRow = (a: RowRanges, b: RowRanges): number | null => {
  const all = [...a, ...b].sort(([one], [other]) => one - other);
  let end = -1;
  for (const [first, last] of all) {
    if (first <= end) return first;
    end = Math.max(end, last);
  }
  return null;
};

/** Asked about rows in ascending order. */
export class RowCursor {
  readonly #ranges: RowRanges;
  #at = 0;

  /** @param ranges ascending, as `unionOf` gives them. */
  constructor(ranges: RowRanges) {
    this.#ranges = ranges;
  }

  has(row: number): boolean {
    while (this.#at < this.#ranges.length && row > (this.#ranges[this.#at]?.[1] ?? 0)) this.#at++;
    const range = this.#ranges[this.#at];
    return range !== undefined && row >= range[0];
  }

  /** The last row of all, -1 when there is none. */
  get last(): number {
    return this.#ranges.at(-1)?.[1] ?? -1;
  }
}
