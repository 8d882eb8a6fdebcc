// Measures the peak memory of a process of its own that digests ten million lines of a million distinct keys.
import { execFile } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { BenchRow } from './measure.ts';
import { eachEnvelope } from './traffic.ts';

const BUDGET = 400; // MiB
/** Just below the bound at which an epoch is cut. */
const DISTINCT = 999_000;
const TIMES = 10;

/** Records as they lie in the file: four bytes of length, then gzip lines. Without an envelope none is a duplicate. */
const writeRecords = (file: string): void => {
  const out = openSync(file, 'w');
  const length = Buffer.alloc(4);
  eachEnvelope({ rows: DISTINCT, recordsPerRow: 1, interfaces: 1000, minutes: 1 }, (lines) => {
    const data = gzipSync(lines.join('\n'), { level: 1 });
    length.writeUInt32LE(data.length);
    writeSync(out, length);
    writeSync(out, data);
  });
  closeSync(out);
};

export const benchMemory = async (): Promise<BenchRow[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-bench-'));
  try {
    const file = join(directory, 'records');
    writeRecords(file);
    const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [child, file, String(TIMES), directory]);
    const { peak, rows, flows, seconds }: { peak: number; rows: number; flows: number; seconds: number } =
      JSON.parse(stdout);
    if (flows !== DISTINCT * TIMES) throw new Error(`${flows} flows were committed, not ${DISTINCT * TIMES}`);
    return [
      {
        what: 'peak memory, 10 M lines of 1 M distinct keys in a minute',
        ours: `${peak.toFixed(0)} MiB, ${rows} rows, ${seconds.toFixed(0)} s`,
        baseline: '',
        ratio: '',
        budget: `<= ${BUDGET} MiB`,
        ok: peak <= BUDGET,
      },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
