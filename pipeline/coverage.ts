// Turns NODATA and SKIPDATA lines into coverage rows: for which minutes and interfaces there is evidence without flows.
import type { StringPool } from './strings.ts';

export type CoverageStatus = 'NODATA' | 'SKIPDATA';

export interface CoverageRow {
  readonly minute: number; // Unix seconds / 60
  readonly account: number; // string pool id, or NULL
  readonly iface: number; // string pool id, or NULL
  readonly status: CoverageStatus;
  records: number;
  end: number; // latest, Unix seconds, or NULL
}

/** The coverage rows of one epoch. */
export class Coverage {
  readonly pool: StringPool;
  readonly #rows = new Map<string, CoverageRow>();

  constructor(pool: StringPool) {
    this.pool = pool;
  }

  get rows(): number {
    return this.#rows.size;
  }

  /** Counts one line; `account` and `iface` are pool ids or NULL, `end` is Unix seconds or NULL. */
  add(minute: number, account: number, iface: number, status: CoverageStatus, end: number): void {
    const key = `${minute} ${account} ${iface} ${status}`;
    const row = this.#rows.get(key);
    if (row === undefined) {
      this.#rows.set(key, { minute, account, iface, status, records: 1, end });
    } else {
      row.records += 1;
      row.end = Math.max(row.end, end);
    }
  }

  /** The rows, sorted by minute, account, interface and status. */
  sorted(): CoverageRow[] {
    const ranks = this.pool.ranks();
    const rank = (id: number): number => (id < 0 ? -1 : ranks[id]);
    return [...this.#rows.values()].sort(
      (a, b) =>
        a.minute - b.minute ||
        rank(a.account) - rank(b.account) ||
        rank(a.iface) - rank(b.iface) ||
        (a.status < b.status ? -1 : a.status > b.status ? 1 : 0),
    );
  }
}
