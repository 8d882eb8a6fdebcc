// Writes Parquet files of flow logs with DuckDB, beside the text of the same rows, for the tests of the backfill.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { FIELD_BY_ID, FIELDS } from '../../../schemas/fields.ts';

/** Runs statements one after the other. */
export const inDuckDb = async (...statements: readonly string[]): Promise<void> => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    for (const statement of statements) await connection.run(statement);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
};

const TYPES: Readonly<Record<string, string>> = { int32: 'INTEGER', int64: 'BIGINT' };

/** The columns as AWS has them: `account_id`, INT32, INT64 or STRING. */
const columnsOf = (ids: readonly string[]): string =>
  ids.map((id) => `'${id.replaceAll('-', '_')}': '${TYPES[FIELD_BY_ID.get(id)?.kind ?? ''] ?? 'VARCHAR'}'`).join(', ');

/** `text` is a header line and lines, in which `-` is NULL; writes it to `<path>.log` and its rows as Parquet to `path`. */
export const writeParquet = async (path: string, text: string, options: string): Promise<string> => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.log`, text);
  const ids = text.slice(0, text.indexOf('\n')).split(' ');
  const csv = `read_csv('${path}.log', delim = ' ', header = true, nullstr = '-', quote = '', escape = '', columns = {${columnsOf(ids)}})`;
  await inDuckDb(`COPY (SELECT * FROM ${csv}) TO '${path}' (FORMAT parquet, ${options})`);
  return path;
};

const START = Date.UTC(2026, 10, 20, 5, 0, 0) / 1000; // s

const value = (id: string, i: number): string => {
  const field = FIELD_BY_ID.get(id);
  switch (id) {
    case 'version':
      return '11';
    case 'start':
      return String(START + (i >> 3));
    case 'end':
      return String(START + (i >> 3) + 30);
    case 'log-status':
      return i % 11 === 3 ? 'NODATA' : i % 13 === 5 ? 'SKIPDATA' : 'OK';
    case 'account-id':
      return `00000000000${i % 3}`;
    case 'action':
      return i % 2 === 0 ? 'ACCEPT' : 'REJECT';
  }
  switch (field?.kind) {
    case 'address':
      return i % 4 === 0 ? `2001:db8::${(i % 50) + 1}` : `10.0.${i % 3}.${i % 200}`;
    case 'int32':
      return String((i * 7) % 60_000);
    case 'int64':
      return i % 97 === 0 ? '5000000000' : String(i * 1000);
    case 'tag':
      return `caf%C3%A9%20${i % 3}`;
    default:
      return `${id}-${i % 5}`;
  }
};

const ALWAYS = ['version', 'account-id', 'interface-id', 'start', 'end', 'log-status'];

/** A header line and `count` lines of these fields, every seventh value absent, NODATA and SKIPDATA among them. */
export const fieldText = (ids: readonly string[], count: number): string => {
  const lines = [ids.join(' ')];
  for (let i = 0; i < count; i++) {
    const hasFlow = value('log-status', i) === 'OK';
    const token = (id: string, at: number): string =>
      ALWAYS.includes(id) || (hasFlow && (i + at) % 7 !== 0) ? value(id, i) : '-';
    lines.push(ids.map(token).join(' '));
  }
  return `${lines.join('\n')}\n`;
};

/** The fields of VPC flow logs up to a version; those of transit gateways are of version 6 alone. */
export const fieldsUpTo = (version: number): readonly string[] =>
  FIELDS.filter(({ since }) => since <= version && since !== 6).map(({ id }) => id);
