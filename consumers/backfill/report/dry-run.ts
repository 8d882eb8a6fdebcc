// Turns a listing of S3 into what a run would read, how much of it is in the store already, and what its requests cost.
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { type DayFacts, type ListingFacts, UNTOLD } from '../listing/listing-facts.ts';
import { nameState } from '../object/object-claims.ts';
import type { S3Source } from '../source-object.ts';
import { size } from './summary.ts';

/** S3 Standard in us-east-1, USD for a thousand requests: PUT and LIST, and GET and HEAD. */
const PRICE = { put: 0.005, get: 0.0004 };

/** Rows of the table; with more, days become months, years, and at last one row. */
const MOST_ROWS = 60;
const DAY_LENGTHS = [10, 7, 4, 0] as const; // of YYYY-MM-DD

export interface Expected {
  readonly objects: number;
  /** Of them, in the store already. */
  readonly known: number;
  /** Whether the store is in S3, too. */
  readonly storeInS3: boolean;
  /** LIST and HEAD requests that the listing took. */
  readonly lists: number;
  readonly heads: number;
}

export interface Requests {
  readonly get: number; // HEAD included
  readonly put: number;
  readonly list: number;
  readonly dollars: number;
}

/**
 * Of a new object, as nearly all are (one part, one hour, no rejects): its GET; in the store its name and its claim are
 * looked for, and name, claim, digest and commit are written. Of a known one: name, claim and commit are read. What is
 * asked once for many objects (settings, and what other feeds have of an hour) is left out.
 */
export const expectedRequests = ({ objects, known, storeInS3, lists, heads }: Expected): Requests => {
  const fresh = objects - known;
  const get = fresh + heads + (storeInS3 ? 2 * fresh + 3 * known : 0);
  const put = storeInS3 ? 4 * fresh : 0;
  return { get, put, list: lists, dollars: (get * PRICE.get + (put + lists) * PRICE.put) / 1000 };
};

export interface DayRow extends DayFacts {
  readonly place: string; // account and region
  readonly day: string; // or month, or year
}

/** By account, region and day, in that order; coarser where there would be too many rows, the last of them the rest. */
export const dayRows = (days: ReadonlyMap<string, DayFacts>, most: number = MOST_ROWS): readonly DayRow[] => {
  for (const length of DAY_LENGTHS) {
    const rows = new Map<string, DayRow>();
    for (const [key, { objects, bytes }] of days) {
      const [account = '', region = '', day = ''] = key.split(' ');
      const [place, time] = [`${account} ${region}`, day.slice(0, length)];
      const row = rows.get(`${place} ${time}`) ?? { place, day: time, objects: 0, bytes: 0 };
      row.objects += objects;
      row.bytes += bytes;
      rows.set(`${place} ${time}`, row);
    }
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    if (sorted.length <= most) return sorted;
    if (length > 0) continue;
    const rest = sorted.slice(most - 1);
    const sum = (of: (row: DayRow) => number): number => rest.reduce((total, row) => total + of(row), 0);
    const last = {
      place: `${formatCount(rest.length)} more`,
      day: '',
      objects: sum((r) => r.objects),
      bytes: sum((r) => r.bytes),
    };
    return [...sorted.slice(0, most - 1), last];
  }
  return [];
};

/** In words what the names of the objects do not tell. */
const placeText = (place: string): string => {
  const [account, region] = place.split(' ');
  if (account === UNTOLD && region === UNTOLD) return 'of no known account and region';
  if (account === UNTOLD) return `of no known account, ${region}`;
  return region === UNTOLD ? `${account}, of no known region` : place;
};

/** To the cent, and never nothing for something. */
const money = (dollars: number): string =>
  dollars > 0 && dollars < 0.01 ? 'less than 0.01 USD' : `${dollars.toFixed(2)} USD`;

const table = (rows: readonly DayRow[]): readonly string[] => {
  const cells = rows.map(({ place, day, objects, bytes }) => [
    ...[placeText(place), day === UNTOLD ? 'of no known time' : day],
    ...[formatMany(objects, 'object'), size(bytes)],
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
};

/** Sums over what is listed; reads nothing but the claims of names. */
export class DryRun {
  readonly #store: ObjectStore;
  readonly #facts: ListingFacts;
  #objects = 0;
  #bytes = 0;
  #known = 0;
  #knownBytes = 0;

  constructor(store: ObjectStore, facts: ListingFacts) {
    this.#store = store;
    this.#facts = facts;
  }

  async add({ name, etag, size }: S3Source): Promise<void> {
    const known = (await nameState(this.#store, name, etag)).kind === 'begun';
    this.#objects++;
    this.#bytes += size;
    if (!known) return;
    this.#known++;
    this.#knownBytes += size;
  }

  text(): string {
    const { requests: lists, heads, days } = this.#facts;
    const storeInS3 = this.#store.uri.startsWith('s3://');
    const { get, put, list, dollars } = expectedRequests({
      objects: this.#objects,
      known: this.#known,
      storeInS3,
      lists,
      heads,
    });
    const fresh = this.#objects - this.#known;
    return [
      ...table(dayRows(days)),
      `${formatMany(this.#objects, 'object')} of S3, ${size(this.#bytes)}: ${formatCount(this.#known)} already there, ${formatCount(fresh)} to read (${size(this.#bytes - this.#knownBytes)}); nothing was read or written`,
      `a run takes about ${formatCount(get)} GET, ${formatCount(put)} PUT and ${formatCount(list)} LIST requests: ${money(dollars)} at list prices of S3 Standard in us-east-1; transfer out of the region of the bucket costs extra`,
    ].join('\n');
  }
}
