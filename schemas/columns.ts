// The columns of the tables in the store, derived from the field table: names, types and roles, the same everywhere.
import { FIELDS, type Field } from './fields.ts';

export type ColumnType = 'timestamp' | 'string' | 'int32' | 'int64';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly role: 'key' | 'sum' | 'min' | 'max' | 'or';
  /** A file leaves an optional column out when it has no value in it. */
  readonly optional: boolean;
}

const columnType = (f: Field): ColumnType => (f.kind === 'int32' || f.kind === 'int64' ? f.kind : 'string');

/** The key fields in table order: index i here is word i of a digest key (61 of them). */
export const KEY_FIELDS: readonly Field[] = FIELDS.filter((f) => f.role === 'key');

/** Key word index by column name. */
export const KEY_INDEX: ReadonlyMap<string, number> = new Map(KEY_FIELDS.map((f, i) => [f.column, i]));

/** The summed measures besides `flows`, in table order: packets, bytes and the four packets_lost columns. */
export const SUM_FIELDS: readonly Field[] = FIELDS.filter((f) => f.role === 'sum');

const ofField = (f: Field): Column => {
  if (f.role === 'none') throw new Error(`${f.id} is no column`);
  return { name: f.column, type: columnType(f), role: f.role, optional: f.since !== 2 };
};

/** The 72 columns of a digest file: `minute`, 61 keys, 10 measures; the sort is by `minute` and the keys in this order. */
export const DIGEST_COLUMNS: readonly Column[] = [
  { name: 'minute', type: 'timestamp', role: 'key', optional: false },
  ...KEY_FIELDS.map(ofField),
  { name: 'flows', type: 'int64', role: 'sum', optional: false },
  ...FIELDS.filter((f) => f.role === 'sum' || f.role === 'min' || f.role === 'max' || f.role === 'or').map(ofField),
];

/** The columns of a coverage file: NODATA and SKIPDATA lines by minute and interface. */
export const COVERAGE_COLUMNS: readonly Column[] = [
  { name: 'minute', type: 'timestamp', role: 'key', optional: false },
  { name: 'account_id', type: 'string', role: 'key', optional: false },
  { name: 'interface_id', type: 'string', role: 'key', optional: false },
  { name: 'log_status', type: 'string', role: 'key', optional: false },
  { name: 'records', type: 'int64', role: 'sum', optional: false },
  { name: 'end', type: 'int64', role: 'max', optional: false },
];
