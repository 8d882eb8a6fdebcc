// Turns NODATA and SKIPDATA lines into coverage rows: for which minutes and interfaces there is evidence without flows.
// The rows are kept in a digest of three key columns, so that a million of them stay small.
import { KEY_INDEX } from '../../schemas/columns.ts';
import { Flow } from '../flow.ts';
import { Digest } from './digest.ts';
import type { StringPool } from './strings.ts';

export type CoverageStatus = 'NODATA' | 'SKIPDATA';

const ACCOUNT = KEY_INDEX.get('account_id')!;
const INTERFACE = KEY_INDEX.get('interface_id')!;
/** Of the key words after `interface_id` it is the one that holds the status: the sort order is the table's then. */
const STATUS = KEY_INDEX.get('action')!;

/** The key words of a coverage row by the names of COVERAGE_COLUMNS. */
export const COVERAGE_KEYS: ReadonlyMap<string, number> = new Map([
  ['account_id', ACCOUNT],
  ['interface_id', INTERFACE],
  ['log_status', STATUS],
]);

/** The coverage rows of one epoch. */
export class Coverage {
  /** The rows: `flows` is `records`. */
  readonly digest: Digest;
  readonly #flow = new Flow();
  readonly #statuses: Readonly<Record<CoverageStatus, number>>;

  constructor(pool: StringPool) {
    this.digest = new Digest(pool);
    this.#flow.columns = Int32Array.from([ACCOUNT, INTERFACE, STATUS]);
    this.#statuses = { NODATA: pool.internText('NODATA'), SKIPDATA: pool.internText('SKIPDATA') };
  }

  /** How many distinct rows. */
  get rows(): number {
    return this.digest.rows;
  }

  /** How many distinct hour partitions. */
  get hours(): number {
    return this.digest.hours;
  }

  /** Memory held, bytes; the pool's not included. */
  get bytes(): number {
    return this.digest.bytes;
  }

  /** Empties it and gives its memory back at once. */
  clear(): void {
    this.digest.clear();
  }

  /** Counts one line; `account` and `iface` are pool ids or NULL, `end` is Unix seconds or NULL. */
  add(minute: number, account: number, iface: number, status: CoverageStatus, end: number): void {
    const flow = this.#flow;
    flow.minute = minute;
    flow.keys[ACCOUNT] = account;
    flow.keys[INTERFACE] = iface;
    flow.keys[STATUS] = this.#statuses[status];
    flow.end = end;
    this.digest.add(flow);
  }
}
