// Random Parquet files of two writers against what DuckDB itself reads in them: an independent witness of our reader.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parquetText } from '../../../../consumers/backfill/parquet/parquet-text.ts';
import { requirement } from '../../../requirements.ts';

const RUNS = Number(process.env.VPCFLOW_FAULT_RUNS ?? 50);
const folder = mkdtempSync(join(tmpdir(), 'vpcflow-oracle-'));
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

const ours = async (path: string): Promise<string> => {
  const bytes = readFileSync(path);
  const read = (position: number, length: number) => Promise.resolve(bytes.subarray(position, position + length));
  const lines = parquetText({ size: bytes.length, read }, () => {});
  let text = '';
  for (;;) {
    const step = await lines.next();
    if (step.done !== true) text += step.value.toString('utf8');
    else if (step.value === null) return text;
    else return `${text}${step.value.detail}`;
  }
};

/** What DuckDB reads in the file, as lines; `tokens` are SQL texts of its columns. */
const theirs = async (path: string, names: readonly string[], tokens: readonly string[]): Promise<string> => {
  const line = tokens.map((token) => `coalesce(nullif(${token}, ''), '-')`).join(` || ' ' || `);
  const reader = await connection.runAndReadAll(`SELECT ${line} FROM read_parquet('${path}')`);
  return [names.join(' '), ...reader.getRows().map(([text]) => text)].map((text) => `${text}\n`).join('');
};

const expectAlike = async (path: string, names: readonly string[], tokens: readonly string[]): Promise<void> => {
  const [mine, witness] = [await ours(path), await theirs(path, names, tokens)];
  if (mine === witness) return;
  // Of thousands of lines only those that differ say anything.
  const [a, b] = [mine.split('\n'), witness.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  expect({ at, lines: a.length, line: a[at] }).toEqual({ at, lines: b.length, line: b[at] });
};

/** Kinds of columns: the value of row `i` with some randomness `h`, and the text of it. */
const KINDS = [
  ['INTEGER', 'CAST(h AS INTEGER)', 'x::VARCHAR'],
  ['INTEGER', '443', 'x::VARCHAR'],
  ['INTEGER', 'CAST(h % 65536 AS INTEGER)', 'x::VARCHAR'],
  ['SMALLINT', 'CAST(h % 60000 - 30000 AS SMALLINT)', 'x::VARCHAR'],
  ['UINTEGER', 'CAST(h * 2 AS UINTEGER)', 'x::VARCHAR'],
  ['BIGINT', 'CAST(1795150800 + i // 7 AS BIGINT)', 'x::VARCHAR'],
  ['BIGINT', 'CAST(h AS BIGINT) * h * (1 - 2 * (h % 2))', 'x::VARCHAR'],
  ['UBIGINT', 'CAST(h AS UBIGINT) * h * 3', 'x::VARCHAR'],
  ['VARCHAR', `'10.' || (h % 7) || '.' || (h % 211) || '.9'`, 'x'],
  ['VARCHAR', `'2001:db8::' || printf('%x', h)`, 'x'],
  ['VARCHAR', `repeat('é', CAST(h % 40 AS INTEGER)) || CASE h % 5 WHEN 0 THEN '' ELSE 'ü' || h END`, 'x'],
  ['VARCHAR', `repeat('a', CAST(h % 3000 AS INTEGER))`, 'x'],
  ['VARCHAR', `'ACCEPT'`, 'x'],
  ['TIMESTAMPTZ', 'to_timestamp(1795150800 + h / 1000)', 'floor(epoch(x))::BIGINT::VARCHAR'],
  ['TIMESTAMP_NS', 'make_timestamp_ns(1795150800000000000 + h)', '(epoch_ns(x) // 1000000000)::VARCHAR'],
] as const;
/** When a value is NULL. */
const ABSENT = ['false', 'true', 'i % 7 = 3', 'h % 3 = 0', 'i < 1500', 'i // 1000 % 2 = 0'];
/** Fields whose tokens a reader of numbers or of account ids would not change. */
const NAMES = ['srcaddr', 'dstaddr', 'region', 'vpc-id', 'subnet-id', 'az-id', 'instance-id', 'traffic-path'];

const file = fc.record({
  columns: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), absent: fc.constantFrom(...ABSENT) }), {
    minLength: 1,
    maxLength: NAMES.length,
  }),
  rows: fc.constantFrom(0, 1, 100, 1024, 1025, 5000, 9000),
  codec: fc.constantFrom('gzip', 'snappy', 'zstd', 'uncompressed', 'brotli'),
  version: fc.constantFrom('V1', 'V2'),
  groupRows: fc.constantFrom(2048, 4096, 122_880),
  dictionary: fc.constantFrom('', ', DICTIONARY_SIZE_LIMIT 1', ', DICTIONARY_SIZE_LIMIT 300'),
});

test('a file that DuckDB writes is read as DuckDB reads it', { timeout: 60_000 + RUNS * 2000 }, async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(file, fc.nat(10_000), async ({ columns, rows, codec, version, groupRows, dictionary }, seed) => {
      const path = join(folder, `${number++}.parquet`);
      const names = NAMES.slice(0, columns.length);
      const quoted = names.map((name) => `"${name}"`);
      const select = columns.map(({ kind: [type, value], absent }, c) => {
        const own = value.replaceAll(/\bh\b/g, `h${c}`);
        return `CASE WHEN ${absent.replaceAll(/\bh\b/g, `h${c}`)} THEN NULL ELSE (${own})::${type} END AS ${quoted[c]}`;
      });
      const hashes = columns.map(
        (_, c) => `(hash(i * 31 + ${seed + c * 1_000_003}) % 2000000000::UBIGINT)::BIGINT AS h${c}`,
      );
      const from = `(SELECT ${['i', ...hashes].join(', ')} FROM range(${rows}) AS t(i))`;
      const options = `FORMAT parquet, COMPRESSION ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE ${groupRows}${dictionary}`;
      await connection.run(`COPY (SELECT ${select.join(', ')} FROM ${from}) TO '${path}' (${options})`);
      await expectAlike(
        path,
        names,
        columns.map(({ kind }, c) => kind[2].replaceAll(/\bx\b/g, quoted[c])),
      );
      rmSync(path);
    }),
    { numRuns: RUNS },
  );
});

interface Writing {
  readonly ParquetSchema: new (fields: Readonly<Record<string, unknown>>) => unknown;
  readonly ParquetWriter: {
    openFile(
      schema: unknown,
      path: string,
      options: Readonly<Record<string, unknown>>,
    ): Promise<{ appendRow(row: Readonly<Record<string, unknown>>): Promise<void>; close(): Promise<void> }>;
  };
}

const loadParquetjs = (): Writing | null => {
  try {
    // The wire: an untyped CommonJS package.
    return createRequire(import.meta.url)('parquetjs') as Writing;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Cannot find')) return null;
    throw error;
  }
};

const parquetjs = loadParquetjs();

test.skipIf(!requirement('parquetjs', parquetjs !== null, 'writes Parquet files a second way'))(
  'a file that parquetjs writes is read as DuckDB reads it',
  { timeout: 60_000 + RUNS * 2000 },
  async () => {
    const { ParquetSchema, ParquetWriter } = parquetjs!;
    const address = fc.option(fc.ipV4(), { nil: undefined });
    const row = fc.record({
      srcaddr: address,
      dstaddr: fc.oneof(fc.ipV4(), fc.ipV6()),
      region: fc.option(fc.constantFrom('', 'eu-west-1', 'é'), { nil: undefined }),
      instance_id: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { nil: undefined }),
      vpc_id: fc.maxSafeInteger(),
    });
    const options = fc.record({
      useDataPageV2: fc.boolean(),
      rowGroupSize: fc.constantFrom(7, 100, 4096),
      pageSize: fc.constantFrom(3, 50, 8192),
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 300 }),
        fc.constantFrom('UNCOMPRESSED', 'GZIP', 'SNAPPY', 'BROTLI'),
        options,
        async (rows, compression, more) => {
          const path = join(folder, `js-${number++}.parquet`);
          const text = { type: 'UTF8', compression };
          const schema = new ParquetSchema({
            srcaddr: { ...text, optional: true },
            dstaddr: text,
            region: { ...text, optional: true },
            instance_id: { type: 'INT32', compression, optional: true },
            vpc_id: { type: 'INT64', compression },
          });
          const writer = await ParquetWriter.openFile(schema, path, more);
          for (const one of rows) await writer.appendRow(one);
          await writer.close();
          const names = ['srcaddr', 'dstaddr', 'region', 'instance-id', 'vpc-id'];
          await expectAlike(
            path,
            names,
            names.map((name) => `${name.replaceAll('-', '_')}::VARCHAR`),
          );
          rmSync(path);
        },
      ),
      { numRuns: RUNS },
    );
  },
);
