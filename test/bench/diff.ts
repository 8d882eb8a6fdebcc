// Measures the difference of two windows of a million edges each against a plain GROUP BY over the same files.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import type { BenchRow } from './measure.ts';

const RATIO_BUDGET = 2.5;
const MEMORY_BUDGET = 1024; // MiB
const ROUNDS = 2; // of which the better one counts, of each: what else a shared machine does only ever adds
const EDGES = 1_000_000;
/** Of the edges of the second window: new ones, and changed ones among the others. */
const FRESH = 0.1;
const CHANGED = 0.1;

/**
 * Each edge is one conversation inside a VPC, seen by both interfaces: two rows of a window. 20,000 clients talk to
 * 5,000 servers; of 2,000 rejected edges one is accepted in the second window.
 */
const rowsSql = (later: boolean): string => {
  const start = later ? '2026-11-20T05:15:00Z' : '2026-11-20T05:00:00Z';
  const from = later ? EDGES * FRESH : 0;
  const address = (net: number, n: string): string =>
    `'10.' || (${net} + ${n} // 65536) || '.' || (${n} // 256 % 256) || '.' || (${n} % 256)`;
  return `
  SELECT TIMESTAMPTZ '${start}' + INTERVAL (w * 7 + e % 8) MINUTE AS minute, '123456789012' AS account_id,
    'eni-' || lpad(to_hex(CASE WHEN w = 0 THEN s ELSE t + 100000 END), 17, '0') AS interface_id,
    ${address(0, 's')} AS srcaddr, ${address(100, 't')} AS dstaddr, 0 AS srcport,
    [443, 22, 5432, 8080, 53][1 + (e % 5)::INTEGER] AS dstport, CASE WHEN e % 5 = 4 THEN 17 ELSE 6 END AS protocol,
    CASE WHEN e % 20 = 0 AND NOT (${later} AND e % 2000 = 0) THEN 'REJECT' ELSE 'ACCEPT' END AS action,
    1 + e % 3 AS flows, 10 + e % 100 AS packets,
    1000 + e % 1000 + CASE WHEN ${later} AND e % 100 < ${CHANGED * 100} THEN 1 + e % 777 ELSE 0 END AS bytes,
    epoch(TIMESTAMPTZ '${start}')::BIGINT + e % 60 AS "start", epoch(TIMESTAMPTZ '${start}')::BIGINT + 60 + e % 60 AS "end"
  FROM (SELECT e, (hash(e) % 20000)::BIGINT AS s, (hash(e + 77) % 5000)::BIGINT AS t FROM range(${from}, ${from + EDGES}) r(e)),
       (SELECT unnest([0, 1]) AS w)`;
};

async function writeWindows(store: string): Promise<void> {
  const directory = join(store, 'digests/date=2026-11-20/hour=05');
  await mkdir(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  for (const later of [false, true]) {
    const file = join(directory, `${later ? 'later' : 'earlier'}.parquet`);
    await connection.run(`COPY (${rowsSql(later)}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
  }
  connection.closeSync();
  instance.closeSync();
}

interface Found {
  readonly answer: number;
  readonly peak: number; // MiB
  readonly cpu: number; // s
  readonly wall: number; // s
}

/** Each in a process of its own, in turns: seconds of the processor, and peak memory. */
export async function benchDiff(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-bench-'));
  const child = fileURLToPath(new URL('./diff-child.ts', import.meta.url));
  const ask = async (contestant: string): Promise<Found> =>
    JSON.parse((await promisify(execFile)(process.execPath, [child, directory, contestant])).stdout);
  try {
    await writeWindows(directory);
    const found: Record<'diff' | 'windows' | 'group', Found[]> = { diff: [], windows: [], group: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const key of ['diff', 'windows', 'group'] as const) found[key].push(await ask(key));
    }
    const best = (key: keyof typeof found): Found => found[key].toSorted((a, b) => a.cpu - b.cpu)[0];
    const [diff, windows, group] = [best('diff'), best('windows'), best('group')];
    const text = ({ cpu, wall }: Found): string => `${cpu.toFixed(1)} s of a core, ${wall.toFixed(1)} s`;
    const peak = Math.max(...found.diff.map((one) => one.peak));
    const ratio = diff.cpu / windows.cpu;
    return [
      {
        what: `diff of two windows of ${EDGES / 1e6} M edges (${EDGES / 5e5} M rows) each, ${(diff.answer / 1e6).toFixed(0)} MB of JSON`,
        ours: text(diff),
        baseline: `GROUP BY of window, conversation, interface: ${text(windows)}`,
        ...{ ratio: ratio.toFixed(2), budget: `<= ${RATIO_BUDGET}`, ok: ratio <= RATIO_BUDGET },
      },
      {
        what: '  the same, against GROUP BY without the window',
        ...{ ours: '', baseline: text(group), ratio: (diff.cpu / group.cpu).toFixed(2), budget: '', ok: null },
      },
      {
        what: '  its peak memory, in a process of its own',
        ours: `${peak.toFixed(0)} MiB`,
        ...{ baseline: `${Math.max(...found.windows.map((one) => one.peak)).toFixed(0)} MiB`, ratio: '' },
        ...{ budget: `<= ${MEMORY_BUDGET} MiB`, ok: peak <= MEMORY_BUDGET },
      },
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
