// Turns the rows of a piece into the interface-minutes that it has, hour by hour, and finds the rows of given ones.
import type { Coverage } from '../digest/coverage.ts';
import { type Digest, SEGMENT_ROWS } from '../digest/digest.ts';
import { ROW_FLOWS, ROW_MINUTE } from '../digest/row-layout.ts';
import type { StringPool } from '../digest/strings.ts';
import { NULL } from '../flow.ts';
import { InterfaceRows } from './interface-rows.ts';
import { hasMinute, type Mask, type MinuteSet, setMinute } from './minute-set.ts';

/** Digest and coverage with the strings that both refer to. */
export interface Rows {
  readonly digest: Digest;
  readonly coverage: Coverage;
}

/** Minutes of one interface in one hour. */
export interface InterfaceHour {
  readonly account: string | null;
  readonly interface: string | null;
  readonly mask: Mask;
}

const MINUTES_AN_HOUR = 60;
/** Pool ids stay far below it, so that two of them make one exact number. */
const IDS = 2 ** 26;

const pairOf = (rows: InterfaceRows): number => (rows.account + 1) * IDS + rows.interface + 1;
const textOf = (pool: StringPool, id: number): string | null => (id === NULL ? null : pool.text(id));

/** The hours (Unix seconds / 3600) in which there are rows, ascending. All that most pieces are asked, so it is quick. */
export const hoursOf = ({ digest, coverage }: Rows): readonly number[] => {
  const hours = new Set<number>();
  for (const table of [digest, coverage.digest]) {
    let [first, stop] = [0, 0]; // minutes of the hour at hand
    for (let s = 0; s < table.segments; s++) {
      const { words, layout } = table.segment(s);
      const end = Math.min(SEGMENT_ROWS, table.rows - s * SEGMENT_ROWS) * layout.stride;
      for (let at = 0; at < end; at += layout.stride) {
        const minute = words[at + ROW_MINUTE];
        if ((minute >= first && minute < stop) || words[at + ROW_FLOWS] === 0) continue;
        const hour = Math.floor(minute / MINUTES_AN_HOUR);
        hours.add(hour);
        [first, stop] = [hour * MINUTES_AN_HOUR, (hour + 1) * MINUTES_AN_HOUR];
      }
    }
  }
  return [...hours].sort((a, b) => a - b);
};

/** What there is of these hours, in the order of the rows. One pass over all of them. */
export const presence = (
  { digest, coverage }: Rows,
  hours: ReadonlySet<number>,
): ReadonlyMap<number, readonly InterfaceHour[]> => {
  const found = new Map<number, Map<number, InterfaceHour>>();
  for (const hour of hours) found.set(hour, new Map());
  for (const table of [digest, coverage.digest]) {
    const { pool } = table;
    const rows = new InterfaceRows(table);
    while (rows.next()) {
      const ofHour = found.get(Math.floor(rows.minute / MINUTES_AN_HOUR));
      if (ofHour === undefined) continue;
      const pair = pairOf(rows);
      let known = ofHour.get(pair);
      if (known === undefined) {
        const [account, iface] = [textOf(pool, rows.account), textOf(pool, rows.interface)];
        known = { account, interface: iface, mask: { low: 0, high: 0 } };
        ofHour.set(pair, known);
      }
      setMinute(known.mask, rows.minute);
    }
  }
  return new Map([...found].map(([hour, interfaces]) => [hour, [...interfaces.values()]]));
};

/** Calls back with the number of each row of the table whose interface-minute is in the set. */
export const rowsIn = (table: Digest, set: MinuteSet, onRow: (row: number) => void): void => {
  const hours = new Map<number, Map<number, Readonly<Mask> | null>>();
  const rows = new InterfaceRows(table);
  while (rows.next()) {
    const hour = Math.floor(rows.minute / MINUTES_AN_HOUR);
    let masks = hours.get(hour);
    if (masks === undefined) {
      masks = new Map();
      hours.set(hour, masks);
    }
    const pair = pairOf(rows);
    let mask = masks.get(pair);
    if (mask === undefined) {
      mask = set.mask(textOf(table.pool, rows.account), textOf(table.pool, rows.interface), hour);
      masks.set(pair, mask);
    }
    if (mask !== null && hasMinute(mask, rows.minute)) onRow(rows.row);
  }
};
