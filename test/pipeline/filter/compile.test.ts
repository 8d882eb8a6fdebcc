// Compiled filters run in the real engine over rows with NULLs and every form of address, and agree with the reference.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import { canonicalAddress } from '../../../pipeline/address/address.ts';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { DIGEST_COLUMNS } from '../../../schemas/columns.ts';
import type { QueryEngine } from '../../../schemas/query.ts';
import { parquetRows, type Row } from '../../fakes/parquet-rows.ts';
import { matching } from '../../reference/filter.ts';

const ADDRESSES = [
  ...['10.0.0.1', '10.0.1.7', '10.1.0.0', '10.255.255.255', '11.0.0.0', '100.0.0.1', '1.0.0.1', '192.168.17.3'],
  ...['192.168.31.255', '192.168.32.0', '255.255.255.255', '0.0.0.0'],
  ...['::', '::1', '::ffff:10.0.0.1', '::ffff:10.128.0.1', '::ffff:0.0.0.1', '::fffe:a00:1', '::1:ffff:a00:1'],
  ...['2001:db8::1', '2001:db8:0:1::', '2001:db8:0:1:0:1:0:1', '2001:0:0:1::1', '2001::1:0:0:1', '2001:db80::1'],
  ...['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:7', 'fe80::1', 'febf:ffff::', 'fec0::', '1:2:3:4:5:6:7:0', '10::1'],
];
const PORTS = [0, 22, 80, 443, 65535];
const TEXTS = ['eni-0a', 'eni-0b', 'é', "it's", '%', ' '];

const pick = <T>(values: readonly T[], i: number): T | null =>
  i % (values.length + 1) === values.length ? null : values[i % (values.length + 1)];

const ROWS: readonly Row[] = Array.from({ length: 260 }, (_, i) => ({
  minute: '2026-11-20T05:00:00Z',
  flows: i, // names the row
  srcaddr: pick(ADDRESSES, i),
  dstaddr: pick(ADDRESSES, i * 7 + 3),
  srcport: pick(PORTS, i),
  dstport: pick(PORTS, Math.floor(i / 6)),
  action: pick(['ACCEPT', 'REJECT'], i),
  instance_tag: pick(TEXTS, i),
  bytes: pick([0, 1000, 1024, 4_611_686_018_427_387_904n], i),
}));

let directory: string;
let engine: QueryEngine;
let table: string;

beforeAll(async () => {
  for (const address of ADDRESSES) expect(canonicalAddress(address)).toBe(address);
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-filter-'));
  const file = join(directory, 'rows.parquet');
  await writeFile(file, await parquetRows(DIGEST_COLUMNS, ROWS));
  engine = await openDuckDb({ directories: [directory] });
  table = `read_parquet('${file}')`;
});
afterAll(async () => {
  await engine.close();
  await rm(directory, { recursive: true, force: true });
});

async function found(text: string): Promise<number[]> {
  const condition = compileFilter(text, Date.parse('2026-11-20T06:00:00Z'));
  const where = condition === null ? '' : `WHERE ${condition.sql}`;
  const { chunks } = await engine.run(
    `SELECT flows FROM ${table} AS digest ${where} ORDER BY flows`,
    condition?.parameters,
  );
  const rows: number[] = [];
  for await (const chunk of chunks) for (const [id] of chunk) rows.push(Number(id));
  return rows;
}

const expected = (text: string): number[] => matching(text, ROWS);

test.each([
  '',
  'srcaddr in 10.0.0.0/8 and dstport = 443 and not action = REJECT',
  '(srcaddr = 10.0.1.7 or dstaddr = 10.0.1.7)',
  'addr in 10.0.0.0/16',
  'port = 22',
  'port != 22',
  'not port = 22',
  'addr != 10.0.1.7',
  'addr = null',
  'addr != null',
  'not srcaddr in 0.0.0.0/0',
  'not (dstport = 443 or action = ACCEPT)',
  'not not dstport = 443',
  'instance_tag ~ "eni-0"',
  'instance_tag ~ "%"',
  'instance_tag > eni-0a',
  'instance_tag in ("it\'s", "\u00e9")',
  'srcaddr ~ ":db8:"',
])('%s', async (text) => {
  expect(await found(text)).toEqual(expected(text));
});

test('sizes and times mean what they say', async () => {
  expect(await found('bytes >= 1KiB')).toEqual(expected('bytes >= 1024'));
  expect(await found('bytes = 1KB')).toEqual(expected('bytes = 1000'));
  expect((await found('minute = 2026-11-20T06:00:00+01:00')).length).toBe(ROWS.length);
  expect(await found('minute < now-1h')).toEqual([]);
});

test('an IPv4 network holds no IPv6 address, mapped ones included, and the other way round', async () => {
  const versions = async (text: string) =>
    new Set((await found(text)).map((i) => String(ROWS[i].srcaddr).includes(':')));
  expect(await versions('srcaddr in 0.0.0.0/0')).toEqual(new Set([false]));
  expect(await versions('srcaddr in ::/0')).toEqual(new Set([true]));
});

test('networks of every length around every address find what arithmetic finds', async () => {
  const network = fc
    .constantFrom(...ADDRESSES)
    .chain((address) =>
      fc.integer({ min: 0, max: address.includes(':') ? 128 : 32 }).map((prefix) => `${address}/${prefix}`),
    );
  const filters = fc.array(network, { minLength: 1, maxLength: 3 }).map((list) => `srcaddr in (${list.join(', ')})`);
  await fc.assert(
    fc.asyncProperty(filters, async (text) => {
      expect(await found(text)).toEqual(expected(text));
    }),
    { numRuns: 80 },
  );
});
