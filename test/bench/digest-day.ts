// Turns a seed into a store with a day of digest rows, an object an hour as a compaction leaves them, or one a minute.
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { hourPartition, tableKey } from '../../pipeline/keys.ts';

export const DAY_START = Date.UTC(2026, 10, 20);
export const HOURS = 24;
const MINUTES = 60;

export interface DayShape {
  readonly rows: number;
  readonly addresses: number;
  /** Pairs of addresses and a service; both directions are rows, and inside a network both ends log them. */
  readonly pairs: number;
}

/** Ten million rows: a network of twenty thousand addresses, three fifths of them its own. */
export const DAY: DayShape = { rows: 10_000_000, addresses: 20_000, pairs: 300_000 };

/** A number of [0, 1) from a row's number and a salt. */
const unit = (of: string, salt: number): string => `(hash(${of} * 64 + ${salt}) / 18446744073709551616.0)`;

const address = (n: string, { addresses }: DayShape): string => `CASE WHEN ${n} < ${addresses * 0.6}
  THEN '10.' || (${n} // 4096) || '.' || (${n} // 16 % 256) || '.' || (${n} % 16 * 15 + 4)
  ELSE (1 + hash(${n}) % 200) || '.' || (hash(${n} + 7) % 256) || '.' || (${n} % 256) || '.' || (${n} // 256) END`;

/** Few addresses have most of the traffic, and servers are fewer than clients. */
const pairsSql = (shape: DayShape): string => `
  CREATE TABLE pairs AS SELECT id, ${address('client', shape)} AS client, ${address('server', shape)} AS server,
    client < ${shape.addresses * 0.6} AS client_inside, server < ${shape.addresses * 0.6} AS server_inside,
    'eni-0' || substr(md5(client::VARCHAR), 1, 16) AS client_eni, 'eni-0' || substr(md5(server::VARCHAR), 1, 16) AS server_eni,
    service, CASE WHEN service = 53 THEN 17 ELSE 6 END AS protocol, CASE WHEN service = 22 THEN 'REJECT' ELSE 'ACCEPT' END AS action
  FROM (SELECT * REPLACE (CASE WHEN client < ${shape.addresses * 0.6} THEN server ELSE server * 6 // 10 END AS server) FROM (
    SELECT id::INTEGER AS id, floor(pow(${unit('id', 1)}, 1.5) * ${shape.addresses})::INTEGER AS client,
      floor(pow(${unit('id', 2)}, 3) * ${shape.addresses})::INTEGER AS server,
      [443, 443, 443, 80, 5432, 53, 22, 8080][1 + (hash(id * 64 + 3) % 8)::INTEGER] AS service
    FROM range(${shape.pairs}) r(id)))`;

/** Rows of one hour in the order of a digest file. */
const hourSql = (shape: DayShape, hour: number): string => `
  WITH drawn AS (
    SELECT i, floor(pow(${unit('i', 5)}, 2) * ${shape.pairs})::INTEGER AS id, hash(i * 64 + 6) % 2 = 0 AS back,
      hash(i * 64 + 7) % 2 = 0 AS far, (hash(i * 64 + 8) % ${MINUTES})::INTEGER AS m, 1 + (hash(i * 64 + 9) % 40)::BIGINT AS packets
    FROM range(${Math.floor((hour * shape.rows) / HOURS)}, ${Math.floor(((hour + 1) * shape.rows) / HOURS)}) r(i)),
  rows AS (
    SELECT make_timestamptz(${DAY_START * 1000} + ${hour} * 3600000000 + m::BIGINT * 60000000) AS minute, p.*, drawn.* EXCLUDE (id),
      (far AND server_inside) OR NOT client_inside AS at_server
    FROM drawn JOIN pairs p USING (id))
  SELECT minute, '123456789012' AS account_id, CASE WHEN at_server THEN server_eni ELSE client_eni END AS interface_id,
    CASE WHEN back THEN server ELSE client END AS srcaddr, CASE WHEN back THEN client ELSE server END AS dstaddr,
    CASE WHEN back THEN service ELSE 0 END::INTEGER AS srcport, CASE WHEN back THEN 0 ELSE service END::INTEGER AS dstport,
    protocol::INTEGER AS protocol, action, 1 + (packets % 4) AS flows, packets, packets * (52 + hash(i) % 1400)::BIGINT AS bytes,
    epoch(minute)::BIGINT + m % 7 AS start, epoch(minute)::BIGINT + 50 + m % 9 AS "end"
  FROM rows ORDER BY ALL`;

const copy = (rows: string, to: string): string =>
  `COPY (${rows}) TO '${to}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)`; // as our own files

const withEngine = async <T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};

const partitionOf = (hour: number): string => hourPartition(DAY_START + hour * 3_600_000);

/** One object an hour. */
export const writeDay = (store: string, shape: DayShape): Promise<void> =>
  withEngine(async (connection) => {
    await connection.run(pairsSql(shape));
    for (let hour = 0; hour < HOURS; hour++) {
      const path = join(store, tableKey('digests', partitionOf(hour), 'compacted'));
      await mkdir(dirname(path), { recursive: true });
      await connection.run(copy(hourSql(shape, hour), path));
    }
  });

/** The same rows, an object for each minute of arrival. */
export const splitDay = (from: string, store: string): Promise<void> =>
  withEngine(async (connection) => {
    await connection.run('SET threads = 1'); // a file a part, not one a thread
    await mkdir(store, { recursive: true });
    for (let hour = 0; hour < HOURS; hour++) {
      const whole = join(from, tableKey('digests', partitionOf(hour), 'compacted'));
      const parts = join(store, 'parts');
      await connection.run(
        `COPY (SELECT *, minute(minute) AS part FROM read_parquet('${whole}', hive_partitioning = false)) TO '${parts}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (part))`,
      );
      for (const part of await readdir(parts)) {
        const path = join(store, tableKey('digests', partitionOf(hour), part));
        await mkdir(dirname(path), { recursive: true });
        const [file] = await readdir(join(parts, part));
        await rename(join(parts, part, file), path);
      }
      await rm(parts, { recursive: true });
    }
  });
