// Measures `vpcflow backfill` of text.gz, Firehose objects and Parquet against inflating the same bytes, and on two cores.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { loadObject } from '../../consumers/backfill/object/load-object.ts';
import { identify } from '../../consumers/backfill/object/object-file.ts';
import { ensureLayout } from '../../consumers/shared/store/layout.ts';
import { openStore } from '../../consumers/shared/store/open.ts';
import { DEFAULT_FEED } from '../../schemas/chain.ts';
import { DEFAULT_FORMAT } from '../../schemas/fields.ts';
import { DEFAULT_SETTINGS } from '../../schemas/settings.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { type BenchRow, medians, rate } from './measure.ts';
import { FIRST_SECOND, type Traffic } from './traffic.ts';

/** Of Parquet against the same lines as text.gz. */
const PARQUET_BUDGET = 1;
const SCALING_BUDGET = 1.7;
const FILES = 16; // so many that the start of lanes, and of their code, is a small part of it
const ROUNDS = 3;
const SCALING_ROUNDS = 5; // of which the best counts, of each: what else a shared machine does only ever adds
const CLI = new URL('../../consumers/vpcflow.ts', import.meta.url).pathname;

const IDS = DEFAULT_FORMAT.replaceAll(/[${}]/g, '').split(' ');
const INTEGERS = ['version', 'srcport', 'dstport', 'protocol'];
const LONGS = ['packets', 'bytes', 'start', 'end'];

/** Parquet as AWS delivers it: gzip pages, names with underscores, INT32, INT64 and STRING. */
const writeParquet = async (lines: string, parquet: string): Promise<void> => {
  const type = (id: string): string => (INTEGERS.includes(id) ? 'INTEGER' : LONGS.includes(id) ? 'BIGINT' : 'VARCHAR');
  const columns = IDS.map((id) => `'${id.replaceAll('-', '_')}': '${type(id)}'`).join(', ');
  const csv = `read_csv('${lines}', delim = ' ', header = true, nullstr = '-', quote = '', compression = 'gzip', columns = {${columns}})`;
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT * FROM ${csv}) TO '${parquet}' (FORMAT parquet, COMPRESSION gzip)`);
  connection.closeSync();
  instance.closeSync();
};

/** Loads one object into a new directory store, as a lane of a backfill does; the lines that it had. */
const loadInto = async (directory: string, path: string): Promise<number> => {
  const store = await openStore(directory);
  await ensureLayout(store);
  const { parts } = await loadObject({ path, name: path }, await identify(path, () => {}), {
    ...{ store, clock: new ManualClock((FIRST_SECOND + 900) * 1000), settings: DEFAULT_SETTINGS },
    ...{ asNew: false, dryRun: false, feed: DEFAULT_FEED, overlap: 'refuse', onBytes: () => {} },
  });
  return parts.reduce((sum, { flows }) => sum + flows, 0);
};

const withDirectory = async <T>(work: (directory: string) => Promise<T>): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-bench-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const headed = (traffic: Traffic): Buffer =>
  Buffer.concat([Buffer.from(`${IDS.join(' ')}\n`), gunzipSync(traffic.gzipText)]);

/** Each kind of object: lines and bytes a second of one core, identity, Parquet and commit included. */
export const benchBackfill = (traffic: Traffic): Promise<BenchRow[]> =>
  withDirectory(async (directory) => {
    const { lines, envelopes, envelopeBytes } = traffic;
    const text = headed(traffic);
    const gzipText = gzipSync(text);
    const paths = { text: join(directory, 'text.log.gz'), firehose: join(directory, 'firehose.gz') };
    const parquet = join(directory, 'flows.parquet');
    await writeFile(paths.text, gzipText);
    await writeFile(paths.firehose, Buffer.concat(envelopes));
    await writeParquet(paths.text, parquet);
    let run = 0;
    const ours = (path: string) => async (): Promise<void> => {
      const store = join(directory, `store-${run++}`);
      const flows = await loadInto(store, path);
      if (flows !== lines) throw new Error(`${flows} flows came of ${lines} lines`);
      await rm(store, { recursive: true });
    };
    const seconds = await medians(ROUNDS, {
      gunzipText: () => void gunzipSync(gzipText),
      gunzipEnvelopes: () => {
        for (const data of envelopes) gunzipSync(data);
      },
      text: ours(paths.text),
      firehose: ours(paths.firehose),
      parquet: ours(parquet),
    });
    const row = (what: string, bytes: number, mine: number, gunzip: number): BenchRow => ({
      what: `backfill: ${what}`,
      ours: `${(lines / mine / 1e3).toFixed(0)} k lines/s, ${rate(bytes, mine)}`,
      baseline: `gunzip ${(lines / gunzip / 1e3).toFixed(0)} k lines/s, ${rate(bytes, gunzip)}`,
      ratio: (gunzip / mine).toFixed(2),
      budget: '',
      ok: null,
    });
    const beside = seconds.text / seconds.parquet;
    return [
      row('text.gz with a header', text.length, seconds.text, seconds.gunzipText),
      row('Firehose gz, envelopes back to back', envelopeBytes, seconds.firehose, seconds.gunzipEnvelopes),
      row('AWS Parquet, gzip pages; bytes as text', text.length, seconds.parquet, seconds.gunzipText),
      {
        what: '  the same, against text.gz',
        ours: `${seconds.parquet.toFixed(2)} s`,
        baseline: `${seconds.text.toFixed(2)} s`,
        ratio: beside.toFixed(2),
        budget: `>= ${PARQUET_BUDGET}`,
        ok: beside >= PARQUET_BUDGET,
      },
    ];
  });

const hasTaskset = (): boolean => availableParallelism() >= 2 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** The command as it is run, over equal files, on one core of this machine and on two: seconds of the clock. */
export const benchScaling = (traffic: Traffic): Promise<BenchRow[]> =>
  withDirectory(async (directory) => {
    const what = `vpcflow backfill of ${FILES} files, two cores against one`;
    const budget = `>= ${SCALING_BUDGET}`;
    if (!hasTaskset()) return [{ what, ours: 'no taskset, or one core', baseline: '', ratio: '', budget, ok: null }];
    const text = headed(traffic).toString('latin1');
    const paths = Array.from({ length: FILES }, (_, i) => join(directory, `${i}.log.gz`));
    for (const [i, path] of paths.entries())
      await writeFile(path, gzipSync(text.replaceAll('123456789012', `1234567890${String(i).padStart(2, '0')}`)));
    const seconds = new Map<string, number[]>([
      ['0', []],
      ['0,1', []],
    ]);
    for (let round = 0; round < SCALING_ROUNDS; round++) {
      for (const [cores, all] of seconds) {
        const store = join(directory, `store-${round}-${cores}`);
        const started = performance.now();
        const command = [process.execPath, CLI, 'backfill', '--store', store, ...paths];
        execFileSync('taskset', ['-c', cores, ...command], { stdio: 'ignore' });
        all.push((performance.now() - started) / 1000);
        await rm(store, { recursive: true });
      }
    }
    const [one, two] = [...seconds.values()].map((all) => Math.min(...all));
    return [
      {
        what,
        ours: `${two.toFixed(2)} s, ${((FILES * traffic.lines) / two / 1e3).toFixed(0)} k lines/s`,
        baseline: `${one.toFixed(2)} s, ${((FILES * traffic.lines) / one / 1e3).toFixed(0)} k lines/s`,
        ratio: (one / two).toFixed(2),
        budget,
        ok: one / two >= SCALING_BUDGET,
      },
    ];
  });
