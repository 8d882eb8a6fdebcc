// Fields of headers and of Parquet schemas that this version does not know: left out, and told at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, test } from 'vitest';
import { runVpcflow } from '../../run-vpcflow.ts';
import { file } from './flow-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-unknown-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('they are named once, whatever kind of file has them, and their flows are counted', async () => {
  const source = join(folder, 'source');
  const line = '11 123456789012 10.0.0.1 10.0.0.2 1795183205 77';
  const header = 'version account-id srcaddr dstaddr start';
  file(join(source, 'a.log'), Buffer.from(`${header} mood\n${line}\n${line}\n`));
  file(join(source, 'b.log'), Buffer.from(`${header} weather\n${line}\n`));
  const parquet = join(source, 'c.log.parquet');
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select 11 as version, '123456789012' as account_id, '10.0.0.1' as srcaddr, '10.0.0.2' as dstaddr, 1795183205::bigint as start, 'x' as mood, 7 as quantum_state) to '${parquet}' (format parquet)`,
  );
  connection.closeSync();
  for (const dry of [['--dry-run'], []]) {
    const { status, stderr } = await runVpcflow(['backfill', '--store', join(folder, 'store'), ...dry, source]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/\n4 lines: 4 flows, /);
    const told = stderr.split('\n').filter((one) => one.startsWith('left out'));
    expect(told).toHaveLength(1);
    const [what, fields] = told[0]!.split(': the fields ');
    expect(what).toBe('left out, because this version does not know them');
    expect(fields?.split(', ').sort()).toEqual(['mood', 'quantum-state', 'weather']);
  }
});
