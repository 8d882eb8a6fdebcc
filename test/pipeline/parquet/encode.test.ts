// Holds the Parquet files to the plain reference, read back by two independent readers, and to their own bytes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Coverage } from '../../../pipeline/digest/coverage.ts';
import type { Digest } from '../../../pipeline/digest/digest.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { NULL } from '../../../pipeline/flow.ts';
import { type EncodedTable, emptyDigest, encodeCoverage, encodeDigest } from '../../../pipeline/parquet/encode.ts';
import { DIGEST_COLUMNS, KEY_FIELDS, SUM_FIELDS } from '../../../schemas/columns.ts';
import { type PlainFlow, type PlainRow, referenceDigest } from '../../reference/digest.ts';
import { requirement } from '../../requirements.ts';
import { COLUMN_SETS, digestOf, plainFlow } from '../graph/plain-flows.ts';
import { duckdb, loadParquetjs } from './readers.ts';

const parquetjs = loadParquetjs();

const encode = async (digest: Digest): Promise<EncodedTable[]> => Array.fromAsync(encodeDigest(digest));

/** A reference row under the column names; bigints as decimal texts, as DuckDB's JSON has them. */
const named = (row: PlainRow): Record<string, string | number | null> => ({
  minute: `${new Date(row.minute * 60_000).toISOString().slice(0, 19).replace('T', ' ')}+00`,
  ...Object.fromEntries(KEY_FIELDS.map((f, i) => [f.column, row.keys[i]])),
  flows: String(row.flows),
  ...Object.fromEntries(SUM_FIELDS.map((f, i) => [f.column, row.sums[i]?.toString() ?? null])),
  start: row.start?.toString() ?? null,
  end: row.end?.toString() ?? null,
  tcp_flags: row.tcpFlags,
});

const partitionOf = (row: PlainRow): string => {
  const iso = new Date(row.minute * 60_000).toISOString();
  return `date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}`;
};

const flow = (over: Partial<PlainFlow> = {}): PlainFlow => ({
  minute: 28_333_333,
  keys: { account_id: '012345678901', srcaddr: '10.0.0.1', dstport: 443, action: 'ACCEPT' },
  sums: { packets: 1, bytes: 40 },
  start: 1_699_999_980,
  end: 1_700_000_039,
  tcpFlags: null,
  ...over,
});

describe('encodeDigest', () => {
  test('writes the rows of the reference, an hour a file, sorted, for any flows', async () => {
    const empty = await emptyDigest();
    await fc.assert(
      fc.asyncProperty(fc.array(plainFlow, { minLength: 1, maxLength: 40 }), async (flows) => {
        const files = await encode(digestOf(flows));
        const expected = referenceDigest(flows);
        const partitions = [...new Set(expected.map(partitionOf))].sort();
        expect(files.map((file) => file.partition)).toEqual(partitions);
        const read: unknown[] = [];
        for (const { partition, rows, bytes } of files) {
          const sql = 'select * from read_parquet([$0, $1], union_by_name = true) order by file_row_number';
          const back = await duckdb([bytes, empty], sql.replace('true)', 'true, file_row_number = true)'));
          for (const { file_row_number: _, ...row } of back) read.push(row);
          expect(rows).toBe(back.length);
          expect(expected.filter((row) => partitionOf(row) === partition)).toHaveLength(rows);
        }
        expect(read).toEqual(expected.map(named));
      }),
      { numRuns: 25 },
    );
  });

  test('gives the same bytes for the same rows, whatever the order of the lines and the age of the pool', async () => {
    const shuffled = fc
      .array(plainFlow, { maxLength: 40 })
      .chain((flows) => fc.tuple(fc.constant(flows), fc.shuffledSubarray(flows, { minLength: flows.length })));
    await fc.assert(
      fc.asyncProperty(shuffled, async ([flows, other]) => {
        const pool = new StringPool();
        for (const text of ['zz', 'other epoch', '10.0.0.10']) pool.internText(text);
        expect(await encode(digestOf(other, pool))).toEqual(await encode(digestOf(flows)));
      }),
      { numRuns: 25 },
    );
  });

  test('splits at the hour, also where minutes come out of order', async () => {
    const hour = 28_333_320;
    const files = await encode(digestOf([60, 59, 0, -1, 120].map((n) => flow({ minute: hour + n }))));
    expect(files.map(({ partition, rows }) => [partition, rows])).toEqual([
      ['date=2023-11-14/hour=21', 1],
      ['date=2023-11-14/hour=22', 2],
      ['date=2023-11-14/hour=23', 1],
      ['date=2023-11-15/hour=00', 1],
    ]);
  });

  test('has the types of the tables, ZSTD, dictionaries, statistics, and no name of a machine or a time', async () => {
    const [{ bytes }] = await encode(digestOf([flow(), flow({ keys: { srcaddr: 'ä' }, tcpFlags: 2 })]));
    const schema = await duckdb(
      [bytes],
      'select name, type, logical_type from parquet_schema($0) where type is not null',
    );
    expect(schema.map((c) => [c.name, c.type, String(c.logical_type).replace(/\(.*/, '')])).toEqual(
      DIGEST_COLUMNS.filter((c) => !c.optional || c.name === 'tcp_flags').map((c) => [
        c.name,
        { timestamp: 'INT64', int64: 'INT64', int32: 'INT32', string: 'BYTE_ARRAY' }[c.type],
        { timestamp: 'TimestampType', int64: 'null', int32: 'null', string: 'StringType' }[c.type],
      ]),
    );
    const chunks = await duckdb(
      [bytes],
      'select path_in_schema as name, compression, encodings, stats_min_value as min, stats_max_value as max, stats_null_count as nulls from parquet_metadata($0)',
    );
    expect(chunks.every((c) => c.compression === 'ZSTD')).toBe(true);
    const texts = DIGEST_COLUMNS.filter((c) => c.type === 'string').map((c) => c.name);
    for (const { name, encodings } of chunks) {
      expect([name, String(encodings).includes('RLE_DICTIONARY')]).toEqual([name, texts.includes(String(name))]);
    }
    expect(chunks.find((c) => c.name === 'srcaddr')).toMatchObject({ min: '10.0.0.1', max: 'ä', nulls: '0' });
    expect(chunks.find((c) => c.name === 'dstport')).toMatchObject({ min: '443', max: '443', nulls: '1' });
    expect(chunks.find((c) => c.name === 'bytes')).toMatchObject({ min: '40', max: '40' });
    expect(chunks.find((c) => c.name === 'minute')).toMatchObject({ min: '2023-11-14 22:13:00+00' });
    const [file] = await duckdb([bytes], 'select created_by from parquet_file_metadata($0)');
    expect(file.created_by).toBe('vpcflow parquet 1');
    const metadata = await duckdb([bytes], 'select key::varchar as key from parquet_kv_metadata($0) order by key');
    expect(metadata.map((m) => m.key)).toEqual(['ARROW:schema', 'vpcflow.layout']);
  });

  test('leaves out, hour by hour, the optional columns without a value', async () => {
    const wide = flow({ minute: 28_333_400, keys: { vpc_id: 'vpc-1', traffic_path: 8 }, tcpFlags: 0 });
    const lost = flow({ minute: 28_333_500, sums: { packets_lost_blackhole: 0 } });
    const columnsOf = async ({ bytes }: EncodedTable): Promise<unknown[]> =>
      (await duckdb([bytes], 'select column_name from (describe select * from read_parquet($0))')).map(
        (c) => c.column_name,
      );
    const [first, second, third] = await Promise.all((await encode(digestOf([flow(), wide, lost]))).map(columnsOf));
    const always = DIGEST_COLUMNS.filter((c) => !c.optional).map((c) => c.name);
    expect(first).toEqual(always);
    expect([...second].sort()).toEqual([...always, 'vpc_id', 'traffic_path', 'tcp_flags'].sort());
    expect([...third].sort()).toEqual([...always, 'packets_lost_blackhole'].sort());
  });

  test('writes all 61 key columns, and texts of every script', async () => {
    const texts = ['中文', '🐟', 'a\u0300', '"quoted", comma', '\n', ''];
    const wide = texts.map((text, n) =>
      flow({
        keys: Object.fromEntries(KEY_FIELDS.map((f, i) => [f.column, f.kind === 'int32' ? n + i : `${text}${i % 3}`])),
        sums: Object.fromEntries(SUM_FIELDS.map((f, i) => [f.column, i])),
        tcpFlags: n,
      }),
    );
    expect(KEY_FIELDS).toHaveLength(61);
    const [{ bytes }] = await encode(digestOf([...wide, ...wide]));
    expect(await duckdb([bytes], 'select * from read_parquet($0)')).toEqual(
      referenceDigest([...wide, ...wide]).map(named),
    );
  });

  test('cuts many rows into row groups and keeps them sorted', async () => {
    const flows: PlainFlow[] = [];
    for (let i = 0; i < 140_000; i++) {
      const n = Math.imul(i, 0x9e3779b1) >>> 0;
      flows.push(
        flow({ keys: { srcaddr: `10.${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}`, dstport: n & 255 } }),
      );
    }
    const digest = digestOf(flows);
    const [{ bytes, rows }] = await encode(digest);
    expect(rows).toBe(digest.rows);
    const [{ groups, counted }] = await duckdb(
      [bytes],
      'select num_row_groups as groups, num_rows as counted from parquet_file_metadata($0)',
    );
    expect([groups, counted]).toEqual(['3', String(rows)]);
    const encodings = await duckdb(
      [bytes],
      "select distinct path_in_schema as name, encodings like '%DICT%' as dictionary from parquet_metadata($0) where path_in_schema in ('srcaddr', 'dstport', 'action') order by name",
    );
    expect(encodings.map((c) => [c.name, c.dictionary])).toEqual([
      ['action', true],
      ['dstport', false],
      ['srcaddr', false],
    ]);
    const sorted = `select count(*) as unsorted from (select srcaddr, dstport, lag(srcaddr) over w as s, lag(dstport) over w as d
      from read_parquet($0, file_row_number = true) window w as (order by file_row_number)) where s is not null and (srcaddr, dstport) <= (s, d)`;
    expect(await duckdb([bytes], sorted)).toEqual([{ unsorted: '0' }]);
  });

  test('of no rows is no file; the empty digest has every column', async () => {
    expect(await encode(digestOf([]))).toEqual([]);
    const described = await duckdb(
      [await emptyDigest()],
      'select column_name, column_type from (describe select * from read_parquet($0))',
    );
    const types = { timestamp: 'TIMESTAMP WITH TIME ZONE', string: 'VARCHAR', int32: 'INTEGER', int64: 'BIGINT' };
    expect(described).toEqual(DIGEST_COLUMNS.map((c) => ({ column_name: c.name, column_type: types[c.type] })));
    expect(described).toHaveLength(72);
  });

  test.skipIf(!requirement('parquetjs', parquetjs !== null, 'reads the files a second time'))(
    'is read alike by parquetjs',
    async () => {
      const flows = [
        flow({ sums: { packets: 0, bytes: 2 ** 53 - 1 } }),
        flow({ sums: { packets: 0, bytes: 2 ** 53 - 1 } }),
        flow({ keys: { srcaddr: '🐟', interface_id: 'eni-1' }, sums: {}, start: null, end: null, tcpFlags: 18 }),
        ...COLUMN_SETS.map((_, i) => flow({ minute: 28_333_340 + i, keys: { vpc_id: `vpc-${i}`, dstport: 0 } })),
      ];
      const [{ bytes }] = await encode(digestOf(flows));
      const rows = await parquetjs!.read(bytes);
      const columns = Object.keys(rows[0]);
      const expected = referenceDigest(flows).map((row) =>
        Object.fromEntries(Object.entries(named(row)).filter(([name]) => columns.includes(name))),
      );
      const back = rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
        ),
      );
      expect(back).toEqual(expected.map((row) => ({ ...row, minute: new Date(`${row.minute}:00`) })));
    },
  );
});

describe('encodeCoverage', () => {
  test('counts lines by minute, interface and status, and keeps the latest end', async () => {
    const pool = new StringPool();
    const coverage = new Coverage(pool);
    const account = pool.internText('123456789012');
    const [first, second] = ['eni-b', 'eni-a'].map((name) => pool.internText(name));
    coverage.add(28_333_333, account, first, 'NODATA', 1_700_000_600);
    coverage.add(28_333_333, account, first, 'NODATA', 1_700_000_060);
    coverage.add(28_333_333, account, first, 'SKIPDATA', 1_700_000_060);
    coverage.add(28_333_333, account, second, 'NODATA', NULL);
    coverage.add(28_333_333, NULL, NULL, 'NODATA', 1_700_000_060);
    coverage.add(28_333_380, account, second, 'NODATA', 1_700_003_600);
    expect([coverage.rows, coverage.hours]).toEqual([5, 2]);
    const files = await Array.fromAsync(encodeCoverage(coverage));
    expect(files.map(({ partition, rows }) => [partition, rows])).toEqual([
      ['date=2023-11-14/hour=22', 4],
      ['date=2023-11-14/hour=23', 1],
    ]);
    const account_id = '123456789012';
    const minute = '2023-11-14 22:13:00+00';
    expect(await duckdb([files[0].bytes], 'select * from read_parquet($0)')).toEqual([
      { minute, account_id: null, interface_id: null, log_status: 'NODATA', records: '1', end: '1700000060' },
      { minute, account_id, interface_id: 'eni-a', log_status: 'NODATA', records: '1', end: null },
      { minute, account_id, interface_id: 'eni-b', log_status: 'NODATA', records: '2', end: '1700000600' },
      { minute, account_id, interface_id: 'eni-b', log_status: 'SKIPDATA', records: '1', end: '1700000060' },
    ]);
    expect(await Array.fromAsync(encodeCoverage(new Coverage(new StringPool())))).toEqual([]);
  });
});
