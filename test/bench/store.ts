// Measures gzip envelopes -> Parquet in a directory store with claim and commit, against inflating the same bytes, and
// against DuckDB making the same rows from the same lines as gzip text on one thread; and how small the rows become.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type BenchRow, medians, rate } from './measure.ts';
import { digestInto } from './processor.ts';
import type { Traffic } from './traffic.ts';

const SIZE_BUDGET = 15;

const COLUMNS = `{'version': 'INTEGER', 'account_id': 'VARCHAR', 'interface_id': 'VARCHAR', 'srcaddr': 'VARCHAR',
  'dstaddr': 'VARCHAR', 'srcport': 'INTEGER', 'dstport': 'INTEGER', 'protocol': 'INTEGER', 'packets': 'BIGINT',
  'bytes': 'BIGINT', 'start': 'BIGINT', 'end': 'BIGINT', 'action': 'VARCHAR', 'log_status': 'VARCHAR'}`;

/** The same rows in SQL: ports folded, REJECTs of high destination ports left as they are. */
const sql = (text: string, parquet: string): string => `
  COPY (
    SELECT make_timestamp(start // 60 * 60000000) AS minute, account_id, interface_id, srcaddr, dstaddr,
      CASE WHEN srcport >= dstport THEN 0 ELSE srcport END AS srcport,
      CASE WHEN srcport >= dstport OR action = 'REJECT' THEN dstport ELSE 0 END AS dstport,
      protocol, action, count(*) AS flows, sum(packets)::BIGINT AS packets, sum(bytes)::BIGINT AS bytes,
      min(start) AS start, max("end") AS "end"
    FROM read_csv('${text}', delim = ' ', header = false, nullstr = '-', quote = '', compression = 'gzip', columns = ${COLUMNS})
    WHERE log_status = 'OK' GROUP BY ALL
  ) TO '${parquet}' (FORMAT parquet, COMPRESSION zstd)`;

export const benchStore = async (traffic: Traffic, budget: number, aim: number): Promise<BenchRow[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-bench-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return await measure(traffic, directory, connection, budget, aim);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(directory, { recursive: true, force: true });
  }
};

const measure = async (
  { envelopes, gzipText, envelopeBytes, textBytes, shape, lines }: Traffic,
  directory: string,
  connection: DuckDBConnection,
  budget: number,
  aim: number,
): Promise<BenchRow[]> => {
  const text = join(directory, 'lines.gz');
  await writeFile(text, gzipText);
  let stored = { rows: 0, bytes: 0 };
  let run = 0;
  const seconds = await medians(5, {
    gunzip: () => {
      for (const data of envelopes) gunzipSync(data);
    },
    ours: async () => {
      const store = await digestInto(join(directory, `store-${run++}`), envelopes);
      stored = { rows: 0, bytes: 0 };
      for await (const { size } of store.list('digests/')) stored.bytes += size;
    },
    duckdb: async () => {
      await connection.run(sql(text, join(directory, 'duckdb.parquet')));
    },
  });
  const counted = await connection.runAndReadAll(
    `select (select count(*) from '${directory}/store-0/digests/**/*.parquet')::int, (select count(*) from '${directory}/duckdb.parquet')::int`,
  );
  const [ours, theirs] = counted.getRowsJson()[0];
  if (ours !== shape.rows || theirs !== shape.rows) throw new Error(`${ours} and ${theirs} rows, not ${shape.rows}`);
  const ratio = seconds.gunzip / seconds.ours;
  const ahead = seconds.duckdb / seconds.ours;
  const smaller = textBytes / stored.bytes;
  const records = `${shape.recordsPerRow} records a row`;
  return [
    {
      what: `gz envelopes -> committed Parquet, ${records}`,
      ours: `${rate(envelopeBytes, seconds.ours)}, ${((1e9 * seconds.ours) / lines).toFixed(0)} ns a line`,
      baseline: `gunzip ${rate(envelopeBytes, seconds.gunzip)}`,
      ratio: ratio.toFixed(2),
      budget: `>= ${budget} (aim ${aim})`,
      ok: ratio >= budget,
    },
    {
      what: `  the same, against DuckDB from gzip text on one thread`,
      ours: `${seconds.ours.toFixed(2)} s`,
      baseline: `${seconds.duckdb.toFixed(2)} s`,
      ratio: ahead.toFixed(2),
      budget: '(aim 1)',
      ok: null,
    },
    {
      what: `digest size, ${records}`,
      ours: `${(stored.bytes / shape.rows).toFixed(1)} bytes a row`,
      baseline: `text ${(textBytes / shape.rows).toFixed(0)} bytes a row`,
      ratio: `1/${smaller.toFixed(1)}`,
      budget: shape.recordsPerRow === 2 ? `<= 1/${SIZE_BUDGET}` : '',
      ok: shape.recordsPerRow === 2 ? smaller >= SIZE_BUDGET : null,
    },
  ];
};
