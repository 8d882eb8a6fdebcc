// `vpcflow rows`, `series` and `coverage` over real files: whole outputs as golden files, found by reading the directory.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run as coverage } from '../../../../consumers/query/commands/coverage.ts';
import { run as rows } from '../../../../consumers/query/commands/rows.ts';
import { run as series } from '../../../../consumers/query/commands/series.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { DIGEST_COLUMNS } from '../../../../schemas/columns.ts';
import { GOLDEN, NOW, putGoldenStore } from '../golden-store.ts';
import { type Printed, runCommand } from '../run-command.ts';

let directory: string;
let data: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-rows-'));
  data = join(directory, 'data');
  await putGoldenStore(new DirectoryStore(data));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const runRows = (given: Readonly<Record<string, string>>): Promise<Printed> => {
  const keys = ['store', 'start', 'stop', 'lateness', 'columns', 'filter', 'top', 'rowsFormat'] as const;
  return runCommand(rows, keys, { store: data, ...given }, NOW);
};

const runCoverage = (given: Readonly<Record<string, string>>): Promise<Printed> => {
  const keys = ['store', 'start', 'stop', 'lateness', 'coverageFormat'] as const;
  return runCommand(coverage, keys, { store: data, ...given }, NOW);
};

const runSeries = (given: Readonly<Record<string, string>>): Promise<Printed> => {
  const keys = ['store', 'start', 'stop', 'lateness', 'step', 'count', 'filter', 'seriesFormat'] as const;
  return runCommand(series, keys, { store: data, ...given }, NOW);
};

const RUNS: Readonly<Record<string, typeof runRows>> = { rows: runRows, series: runSeries, coverage: runCoverage };

describe('golden outputs', () => {
  for (const name of readdirSync(GOLDEN).filter((file) => file.endsWith('.in'))) {
    test(name, async () => {
      const { command, ...given } = JSON.parse(readFileSync(join(GOLDEN, name), 'utf8'));
      const printed = await RUNS[command](given);
      const expected = join(GOLDEN, name.replace(/\.in$/, '.out'));
      const changed = join(GOLDEN, name.replace(/\.in$/, '-changed.out'));
      writeFileSync(changed, printed.stdout);
      expect(printed.stdout.toString()).toBe(readFileSync(expected, 'utf8'));
      rmSync(changed);
      expect(printed.status).toBe(0);
    });
  }
});

const HOUR = { start: '2026-11-20T05:00:00Z', stop: '2026-11-20T06:00:00Z' };

test('Arrow holds the same rows as NDJSON, with the types of the columns', async () => {
  const arrow = tableFromIPC((await runRows({ ...HOUR, group: 'minute,srcaddr,dstport', format: 'arrow' })).stdout);
  expect(arrow.schema.fields.map((f) => `${f.name} ${f.type}`)).toEqual([
    'minute Timestamp<MILLISECOND, UTC>',
    'srcaddr Utf8',
    'dstport Int32',
    'flows Int64',
    'packets Int64',
    'bytes Int64',
    'start Int64',
    'end Int64',
    'tcp_flags Int32',
  ]);
  const texts = arrow.toArray().map((row) => {
    const members = Object.entries(row.toJSON()).map(([name, value]) => {
      if (name === 'minute') return `"minute":"${new Date(Number(value)).toISOString().replace('.000Z', 'Z')}"`;
      return `"${name}":${typeof value === 'string' ? JSON.stringify(value) : String(value)}`;
    });
    return `{${members.join(',')}}`;
  });
  const lines = (await runRows({ ...HOUR, group: 'minute,srcaddr,dstport', format: 'ndjson' })).stdout.toString();
  expect(`${texts.join('\n')}\n`).toBe(lines);
});

/** By a reader that is not the one that wrote it. */
const parquetTable = (bytes: Uint8Array) => tableFromIPC(readParquet(bytes).intoIPCStream());

test('Parquet is read by another reader and holds the same rows', async () => {
  const table = parquetTable((await runRows({ ...HOUR, group: 'srcaddr', format: 'parquet' })).stdout);
  const found = table.toArray().map((row) => {
    const { srcaddr, flows, bytes } = row.toJSON();
    return `${srcaddr ?? ''},${flows},${bytes ?? ''}`;
  });
  const csv = (await runRows({ ...HOUR, group: 'srcaddr' })).stdout.toString().trimEnd().split('\n').slice(1);
  expect(found).toEqual(csv.map((line) => [0, 1, 3].map((i) => line.split(',')[i]).join(',')));
  expect(found.length).toBe(3);
});

test('an empty window is a valid Arrow stream and a valid Parquet file without rows', async () => {
  const empty = { start: '2026-11-19T05:00:00Z', stop: '2026-11-19T06:00:00Z' };
  expect(tableFromIPC((await runRows({ ...empty, format: 'arrow' })).stdout).numRows).toBe(0);
  const parquet = parquetTable((await runRows({ ...empty, format: 'parquet' })).stdout);
  expect(parquet.numRows).toBe(0);
  expect(parquet.schema.fields.map((f) => f.name)).toEqual(DIGEST_COLUMNS.map((c) => c.name));
});

test('stderr says how complete the answer is, unless it is', async () => {
  expect((await runRows({ ...HOUR, group: 'action' })).stderr).toBe(
    'vpcflow: complete: false, watermark: 2026-11-20T05:40:00.000Z; shards behind: 1 ' +
      '(123456789012.eu-west-1.flows shardId-000000000000 at 2026-11-20T05:40:00.000Z); ' +
      'AWS left out flows (SKIPDATA) in 1 minute of 1 interface\n',
  );
  const from = { ...HOUR, start: '2026-11-20T05:04:00Z', group: 'action' };
  expect((await runRows({ ...from, stop: '2026-11-20T05:20:00Z' })).stderr).toBe('');
  expect((await runRows({ ...from, stop: '2026-11-20T05:21:00Z' })).stderr).not.toBe('');
  expect((await runRows({ ...from, stop: '2026-11-20T05:21:00Z', lateness: '19m' })).stderr).toBe('');
});

test.each([
  [{ group: 'srcaddr,bytes' }, 'VF_BAD_PARAMETER', 'bytes'],
  [{ group: 'address' }, 'VF_BAD_PARAMETER', 'address'],
  [{ group: 'srcaddr,srcaddr' }, 'VF_BAD_PARAMETER', 'twice'],
  [{ group: 'srcaddr', format: 'log' }, 'VF_BAD_PARAMETER', 'log'],
  [{ filter: 'dstport = htps' }, 'VF_BAD_FILTER', 'column 11'],
  [{ stop: '2026-11-20T05:00:30Z' }, 'VF_BAD_WINDOW', 'nothing lies between'],
  [{ start: 'yesterday' }, 'VF_BAD_TIME', 'yesterday'],
])('%j is refused with %s', async (given, code, what) => {
  await expect(runRows({ ...HOUR, ...given })).rejects.toMatchObject({ code, message: expect.stringContaining(what) });
});

test('a directory without a store is missing, not empty', async () => {
  await expect(runRows({ ...HOUR, store: directory })).rejects.toMatchObject({ code: 'VF_STORE_MISSING' });
  await expect(runRows({ ...HOUR, store: join(directory, 'nowhere') })).rejects.toMatchObject({
    code: 'VF_STORE_MISSING',
  });
});
