// Large questions beside small ones, over real sockets: who is answered first, and what a client that leaves leaves behind.
import { mkdir } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { hourPartition, tableKey } from '../../../../pipeline/keys.ts';
import { until } from '../../../until.ts';
import { NETWORK } from '../flow-rows.ts';
import { serving } from '../serving.ts';
import { putRows } from '../store-of-rows.ts';

const { start, path } = serving();

const SMALL = 'start=2026-11-20T05:00:00Z&stop=2026-11-20T05:15:00Z';
const LARGE = 'start=2026-11-20T03:00:00Z&stop=2026-11-20T04:00:00Z';
const LARGE_MINUTE = Date.UTC(2026, 10, 20, 3, 5);
const ROWS = 6_000_000;

/** Rows that are read for seconds, in an object whose size says so: most of its bytes are of a column that nobody reads. */
async function putLarge(directory: string): Promise<void> {
  const file = join(directory, tableKey('digests', hourPartition(LARGE_MINUTE), 'large'));
  await mkdir(dirname(file), { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await connection.run(`COPY (
    SELECT make_timestamptz(${LARGE_MINUTE * 1000}) AS minute, '111122223333' AS account_id, 'eni-1' AS interface_id,
      '10.0.0.' || (i % 200) AS srcaddr, '10.0.1.' || (i % 7) AS dstaddr, 0 AS srcport, 443 AS dstport, 6 AS protocol,
      'ACCEPT' AS action, 1::BIGINT AS flows, 1::BIGINT AS packets, 40::BIGINT AS bytes,
      ${LARGE_MINUTE / 1000}::BIGINT AS start, ${LARGE_MINUTE / 1000}::BIGINT AS "end",
      CASE WHEN i < 40 THEN repeat(md5(i::VARCHAR), 32768) END AS padding
    FROM range(${ROWS}) r(i)) TO '${file}' (FORMAT parquet, COMPRESSION uncompressed)`);
  connection.closeSync();
  instance.closeSync();
}

let store: DirectoryStore;
beforeAll(async () => {
  store = new DirectoryStore(path('large'));
  await putRows(store, 'digests', 'small', NETWORK);
  await putLarge(path('large'));
}, 60_000);

/** The value of a series, or 0. */
const gauge = async (url: string, series: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );
};

test('small questions are answered before large ones that were asked first; clients that leave end theirs', async () => {
  const { url } = await start({ store });
  const answered: string[] = [];
  const ask = (name: string, query: string): ClientRequest =>
    request(`${url}/v1/graph?${query}&format=json`, { agent: false }, (answer) => {
      answer.resume().once('end', () => answered.push(`${name} ${answer.statusCode}`));
    })
      .on('error', () => {}) // it is destroyed below
      .end();
  const large = Array.from({ length: 4 }, (_, i) => ask(`large ${i}`, LARGE));
  const load = async () =>
    (await gauge(url, 'vpcflow_queries_running{lane="large"}')) +
    (await gauge(url, 'vpcflow_queries_queued{lane="large"}'));
  await until('the large ones run or wait', async () => (await load()) === 4);
  for (let i = 0; i < 5; i++) {
    ask(`small ${i}`, SMALL);
    await until('a small one is answered', () => answered.includes(`small ${i} 200`));
  }
  expect(answered).toEqual([0, 1, 2, 3, 4].map((i) => `small ${i} 200`));
  for (const client of large) client.destroy();
  await until('no large one runs or waits', async () => (await load()) === 0, 10);
  expect(await gauge(url, 'vpcflow_queries_cancelled_total{reason="client"}')).toBe(4);
  expect(answered).toHaveLength(5);
});

test('a large question that takes too long is interrupted, and says so', async () => {
  const { url } = await start({ store, clock: systemClock, queryTimeout: 300 });
  const answer = await fetch(`${url}/v1/graph?${LARGE}&format=json`);
  expect(answer.status).toBe(504);
  expect(await answer.json()).toMatchObject({ code: 'VF_TIMEOUT' });
  await until('nothing runs', async () => (await gauge(url, 'vpcflow_queries_running{lane="large"}')) === 0, 10);
});
