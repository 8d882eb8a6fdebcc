// The DuckDB engine keeps the contract of query engines, and its own promises about memory.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDuckDb } from '../../../../consumers/shared/query/duckdb.ts';
import { queryEngineContract } from '../../../contracts/query-engine.ts';

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
