// The DuckDB engine keeps the contract of query engines, and its own promises about memory.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDuckDb } from '../../../../../consumers/shared/query/engine/duckdb.ts';
import { queryEngineContract } from '../../../../contracts/query-engine.ts';

queryEngineContract('DuckDB', (directory) => openDuckDb({ directories: [directory] }));

test('a sort larger than the memory limit spills to disk, and the scratch directory goes with the engine', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'vpcflow-spill-'));
  const engine = await openDuckDb({ directories: [], temporary, memoryLimit: 64 * 1024 * 1024 });
  const sorted = 'SELECT repeat(i::VARCHAR, 20) AS text FROM range(1500000) r(i) ORDER BY hash(i) OFFSET 1';
  const { chunks } = await engine.run(`SELECT count(*), sum(length(text)) > 64 * 1024 * 1024 FROM (${sorted})`);
  const rows = [];
  for await (const chunk of chunks) rows.push(...chunk);
  expect(rows).toEqual([[1_499_999n, true]]);
  await engine.close();
  expect(await readdir(temporary)).toEqual([]);
  await rm(temporary, { recursive: true });
});

test('results that are left, before their first chunk or after it, give their connections and memory back', async () => {
  const engine = await openDuckDb({ directories: [], memoryLimit: 64 * 1024 * 1024 });
  const connections = async () => {
    const { chunks } = await engine.run('SELECT * FROM duckdb_connection_count()');
    const rows = [];
    for await (const chunk of chunks) rows.push(...chunk);
    return rows;
  };
  const before = await connections();
  // Each holds megabytes of sorted rows: a few of them are all that the engine may have.
  for (let i = 0; i < 20; i++) {
    const result = await engine.run('SELECT i, hash(i) AS h FROM range(200000) r(i) ORDER BY h');
    if (i % 2 === 0) await result.close();
    else for await (const _ of result.chunks) break;
  }
  expect(await connections()).toEqual(before);
  await engine.close();
});

test('an engine that is closed before a result was read to its end leaves no file', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'vpcflow-left-'));
  const engine = await openDuckDb({ directories: [], temporary, memoryLimit: 64 * 1024 * 1024 });
  const { chunks } = await engine.run(
    'SELECT i, repeat(i::VARCHAR, 20) AS t FROM range(1000000) r(i) ORDER BY hash(i)',
  );
  await chunks[Symbol.asyncIterator]().next();
  await engine.close();
  expect(await readdir(temporary)).toEqual([]);
  await rm(temporary, { recursive: true });
});
