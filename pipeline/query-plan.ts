// Turns a window into the key prefixes to list, and a listing into the objects to read: nothing outside the window.
import type { Window } from '../schemas/query.ts';
import type { ListedObject } from '../schemas/store.ts';
import { hourPartition } from './keys.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The tables that a window is answered from. */
export type WindowTable = 'digests' | 'coverage';

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
export const isTableFile = (object: ListedObject): boolean => object.key.endsWith('.parquet') && object.size > 0;
