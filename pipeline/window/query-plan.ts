// Turns a window into the key prefixes to list, and a listing into the objects to read: none that cannot have its rows.
//
// What is provable of an object before it is read: its key says the hour of its rows, and nothing else does. The name of
// an epoch is a sequence number, and its commit tells when its records arrived, of which a flow's minute may be up to a
// day away on either side. So each object of the window's hours is fetched once; what its footer says is kept.

import { MAX_NAMED, type Window } from '../../schemas/query.ts';
import type { ListedObject } from '../../schemas/store.ts';
import { hourPartition } from '../keys.ts';
import { DAY_MS, HOUR_MS } from './window.ts';

/** The tables that a window is answered from. */
export type WindowTable = 'digests' | 'coverage';

/** Which rows belong to a window. */
export interface Selection {
  readonly window: Window;
  /** By the time from `start` to `end` that a row spans, and not by its minute. */
  readonly overlapping: boolean;
}

/**
 * How long before the window a row that reaches into it can begin: AWS's longest aggregation interval. The minute of
 * merged lines is that of the earliest, and each ends at most 10 minutes after it began: 10 min 59 s after its minute.
 */
export const REACH_MS = 10 * 60_000;

/** The minutes among which rows of the window are looked for. */
export const searchedWindow = ({ window, overlapping }: Selection): Window =>
  overlapping ? { start: window.start - REACH_MS, stop: window.stop } : window;

/**
 * The prefixes whose objects can hold rows of the window, ascending: one for each UTC day that lies wholly inside it,
 * one for each other hour that it touches. `minute` names the partition, so there are no rows elsewhere.
 */
export function windowPrefixes(table: WindowTable, window: Window): string[] {
  const prefixes: string[] = [];
  let hour = Math.floor(window.start / HOUR_MS) * HOUR_MS;
  while (hour < window.stop) {
    const wholeDay = hour % DAY_MS === 0 && hour >= window.start && hour + DAY_MS <= window.stop;
    const partition = hourPartition(hour);
    prefixes.push(`${table}/${wholeDay ? partition.slice(0, partition.indexOf('/')) : partition}/`);
    hour += wholeDay ? DAY_MS : HOUR_MS;
  }
  return prefixes;
}

/** Whether a listed object is one of a table's files (a store may hold other things beside them). */
export const isTableFile = (object: ListedObject): boolean => object.key.endsWith('.parquet');

/** What the footer of a file says of its rows; null: nothing. */
export interface FileFacts {
  readonly rows: number;
  /** The earliest and latest `minute`, Unix ms. */
  readonly first: number | null;
  readonly last: number | null;
  /** The latest `end`, Unix s. */
  readonly latestEnd: number | null;
  /** The greatest `log_status`. */
  readonly greatestStatus: string | null;
  /** The columns of the table that it has, in their order in the file; files with the same ones share the array. */
  readonly columns: readonly string[];
  /** Why not all of its values can be read, where that was found. */
  readonly damage?: string;
}

/** Why a file cannot be read. */
export interface Unreadable {
  readonly unreadable: string;
}

export interface KnownObject {
  readonly object: ListedObject;
  readonly known: FileFacts | Unreadable;
}

/** An object that is left out of an answer, and why. */
export interface LeftOut {
  readonly key: string;
  readonly reason: string;
}

export interface FilePlan {
  /** In the order of the listing. */
  readonly read: readonly ListedObject[];
  readonly leftOut: readonly LeftOut[];
  /** Of the files to read, as their footers say. */
  readonly rows: number;
  /** The columns that any of them has. */
  readonly columns: ReadonlySet<string>;
  /** Whether each of them has all of those, in one order. */
  readonly uniform: boolean;
}

/** The objects that may have rows of the window, by their statistics; one that cannot be read and has no statistics may. */
export function planFiles(files: readonly KnownObject[], selection: Selection): FilePlan {
  const read: ListedObject[] = [];
  const leftOut: LeftOut[] = [];
  const layouts = new Set<readonly string[]>();
  let rows = 0;
  for (const { object, known } of files) {
    if ('unreadable' in known) {
      leftOut.push({ key: object.key, reason: known.unreadable });
    } else if (mayHaveRows(known, selection)) {
      if (known.damage !== undefined) {
        leftOut.push({ key: object.key, reason: known.damage });
        continue;
      }
      read.push(object);
      layouts.add(known.columns);
      rows += known.rows;
    }
  }
  const columns = new Set([...layouts].flat());
  return { read, leftOut, rows, columns, uniform: layouts.size <= 1 };
}

/** False only when no row of the file can belong to the window. */
export function mayHaveRows({ rows, first, last, latestEnd }: FileFacts, selection: Selection): boolean {
  const { window, overlapping } = selection;
  if (rows === 0 || (first ?? window.start) >= window.stop) return false;
  if ((last ?? window.start) >= window.start) return true;
  if (!overlapping || (last ?? window.start) < searchedWindow(selection).start) return false;
  return latestEnd === null || latestEnd * 1000 >= window.start;
}

/** Whether a coverage file can have lines of the status SKIPDATA. */
export const mayHaveSkipdata = ({ greatestStatus }: FileFacts): boolean =>
  greatestStatus === null || greatestStatus >= 'SKIPDATA';

const SAMPLED_FILES = 64;
const SAMPLED_ROWS = 2_000_000;

/**
 * All files of a small window; of a large one so many that they have about two million of its `rows`, 64 at most and one
 * at least, spread evenly. What is only worth a look is asked of these.
 */
export function sampled<T>(files: readonly T[], rows: number): readonly T[] {
  const each = rows / Math.max(1, files.length);
  const most = Math.max(1, Math.min(SAMPLED_FILES, Math.floor(SAMPLED_ROWS / Math.max(1, each))));
  if (files.length <= most) return files;
  return Array.from({ length: most }, (_, i) => files[Math.floor((i * files.length) / most)]);
}

/** A sentence for each object, by key; past MAX_NAMED of them the last one counts the others. */
export function warningsOf(leftOut: readonly LeftOut[]): string[] {
  const sorted = [...leftOut].sort((a, b) => (a.key < b.key ? -1 : 1));
  const named = sorted.length > MAX_NAMED ? sorted.slice(0, MAX_NAMED - 1) : sorted;
  const others = sorted.length - named.length;
  return [
    ...named.map(({ key, reason }) => `${key} is left out: ${reason}`),
    ...(others === 0 ? [] : [`${others} more objects are left out`]),
  ];
}
