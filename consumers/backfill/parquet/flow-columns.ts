// Turns the columns of a Parquet file into the tokens of its lines: which columns are read, and the header line.
import { FIELD_BY_ID } from '../../../schemas/fields.ts';
import { ParquetDamage } from '../../shared/parquet/damage.ts';
import type { ColumnMeaning, Footer, ParquetColumn } from '../../shared/parquet/footer.ts';

export interface FlowColumns {
  /** Those that are read, in the order of the file; null: a column that no field is, which is only named. */
  readonly columns: readonly (ParquetColumn | null)[];
  /** The ids of their fields, and the names of the others, as in the header of a text file. */
  readonly header: string;
}

const NAME = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/;
const MAX_NAMED = 40;
const ACCOUNT = /(^|-)account-id$/;

/** What other writers than AWS make of a field: account ids as numbers, numbers as texts. */
const meaningOf = ({ type, meaning }: ParquetColumn, id: string): ColumnMeaning => {
  if (meaning.kind !== 'plain') return meaning;
  if (ACCOUNT.test(id) && (type === 'INT32' || type === 'INT64')) return { kind: 'account' };
  const isNumber = FIELD_BY_ID.get(id)?.kind === 'int32' || FIELD_BY_ID.get(id)?.kind === 'int64';
  return isNumber && type === 'BYTE_ARRAY' ? { kind: 'number' } : meaning;
};

const idOf = (name: string): string => name.toLowerCase().replaceAll('_', '-');

const whatItHas = ({ columns, nested }: Footer): string => {
  const names = [...columns.map(({ name }) => name), ...nested];
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return names.length === 0 ? 'no columns' : `the columns ${names.slice(0, MAX_NAMED).join(', ')}${more}`;
};

/**
 * A column is a field by its name, with hyphens or underscores and in any case; of two of one name the first counts.
 * Unknown names are in the header as long as it is one with them: more than half of the names must be fields.
 * @throws ParquetDamage when the columns are not those of flow logs: neither are most of them fields, nor are there
 * both addresses.
 */
export const flowColumns = (footer: Footer): FlowColumns => {
  const names = new Set(footer.columns.map(({ name }) => name));
  if (names.has('minute') && names.has('flows')) {
    throw new ParquetDamage('it is Parquet of a vpcflow store, which has minutes of flows and no flow-log records');
  }
  const seen = new Set<string>();
  const columns: (ParquetColumn | null)[] = [];
  const ids: string[] = [];
  const unknown: string[] = footer.nested.map(idOf);
  for (const column of footer.columns) {
    const id = idOf(column.name);
    if (seen.has(id)) continue;
    seen.add(id);
    if (FIELD_BY_ID.has(id)) {
      columns.push({ ...column, meaning: meaningOf(column, id) });
      ids.push(id);
    } else {
      unknown.push(id);
    }
  }
  const isMost = ids.length > unknown.length;
  if (!isMost && !(ids.includes('srcaddr') && ids.includes('dstaddr'))) {
    throw new ParquetDamage(`it is Parquet, but not of flow logs: it has ${whatItHas(footer)}`);
  }
  const distinct = [...new Set(unknown)].filter((name) => NAME.test(name));
  const named = distinct.filter((name) => !ids.includes(name)).slice(0, ids.length - 1);
  return { columns: [...columns, ...named.map(() => null)], header: [...ids, ...named].join(' ') };
};
