// Measures the graph of a day of ten million digest rows against a plain GROUP BY of the same columns over the same files.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { graphQuestion } from '../../consumers/query/questions/graph-question.ts';
import { openQueryService, type QueryService } from '../../consumers/shared/query/service.ts';
import { DirectoryStore } from '../../consumers/shared/store/directory.ts';
import type { Window } from '../../schemas/query.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { DAY, splitDay, writeDay } from './digest-day.ts';
import type { BenchRow } from './measure.ts';
import { DAY_WINDOW, graphOptions, QUARTER_WINDOW } from './query-questions.ts';

const GROUP_BUDGET = 1.5;
const QUARTER_BUDGET = 200; // ms
const MEMORY_BUDGET = 1024; // MiB
const ROUNDS = 2; // counted ones, after one that is not; the better one counts, for what others do only ever adds
const QUARTERS = 15;

const CONVERSATION = 'srcaddr, dstaddr, srcport, dstport, protocol, action';

/** Summed up, so that a million groups need not leave the engine. */
const plainSql = (files: string, columns: string): string => `
  SELECT count(*) AS groups, sum(f), sum(p), sum(b), min(s), max(e) FROM (
    SELECT ${columns}, sum(flows) AS f, sum(packets) AS p, sum(bytes) AS b, min("start") AS s, max("end") AS e
    FROM read_parquet('${files}', hive_partitioning = false) GROUP BY ALL)`;

interface Seconds {
  readonly cpu: number;
  readonly wall: number;
}

const timed = async (work: () => Promise<unknown>): Promise<Seconds> => {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1000 };
};

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const ask = async (service: QueryService, window: Window): Promise<number> => {
  const question = graphQuestion(graphOptions(window));
  const { signal } = new AbortController();
  const source = await service.window(question.window, question.tables, { signal });
  let length = 0;
  for await (const piece of question.answer(service, source, signal)) length += piece.length;
  source.release();
  return length;
};

interface Layout {
  readonly name: string;
  readonly store: string;
}

const peakOf = async (store: string): Promise<{ readonly peak: number; readonly seconds: number }> => {
  const child = fileURLToPath(new URL('./query-child.ts', import.meta.url));
  return JSON.parse((await promisify(execFile)(process.execPath, [child, store])).stdout);
};

const measure = async ({ name, store }: Layout, connection: DuckDBConnection): Promise<BenchRow[]> => {
  const service = await openQueryService({ store: new DirectoryStore(store), clock: new ManualClock() });
  const files = `${store}/digests/**/*.parquet`;
  const contestants = {
    ours: () => ask(service, DAY_WINDOW),
    witnessed: () => connection.runAndReadAll(plainSql(files, `${CONVERSATION}, account_id, interface_id`)),
    merged: () => connection.runAndReadAll(plainSql(files, CONVERSATION)),
  };
  const found = { ours: [] as Seconds[], witnessed: [] as Seconds[], merged: [] as Seconds[] };
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      for (const key of ['ours', 'witnessed', 'merged'] as const) {
        const seconds = await timed(contestants[key]);
        if (round > 0) found[key].push(seconds);
      }
    }
    const quarters: number[] = [];
    for (let i = -2; i < QUARTERS; i++) {
      const { wall } = await timed(() => ask(service, QUARTER_WINDOW));
      if (i >= 0) quarters.push(wall * 1000);
    }
    const [groups] = (await contestants.merged()).getRowsJson()[0];
    const { peak } = await peakOf(store);
    const cpu = (key: keyof typeof found): number => Math.min(...found[key].map((seconds) => seconds.cpu));
    const wall = (key: keyof typeof found): string => Math.min(...found[key].map((seconds) => seconds.wall)).toFixed(1);
    const ratio = cpu('ours') / cpu('witnessed');
    return [
      {
        what: `graph, top 200, ${DAY.rows / 1e6} M rows in 24 h, ${name}, ${groups} conversations`,
        ours: `${cpu('ours').toFixed(1)} s of a core, ${wall('ours')} s`,
        baseline: `GROUP BY with interface ${cpu('witnessed').toFixed(1)} s, ${wall('witnessed')} s`,
        ratio: ratio.toFixed(2),
        budget: `<= ${GROUP_BUDGET}`,
        ok: ratio <= GROUP_BUDGET,
      },
      {
        what: '  the same, against GROUP BY of conversations alone',
        ours: '',
        baseline: `GROUP BY ${cpu('merged').toFixed(1)} s, ${wall('merged')} s`,
        ratio: (cpu('ours') / cpu('merged')).toFixed(2),
        ...{ budget: '', ok: null },
      },
      {
        what: '  its peak memory, in a process of its own',
        ours: `${peak.toFixed(0)} MiB`,
        ...{ baseline: '', ratio: '', budget: `<= ${MEMORY_BUDGET} MiB`, ok: peak <= MEMORY_BUDGET },
      },
      {
        what: `  15 minutes of it, warm`,
        ours: `${median(quarters).toFixed(0)} ms, slowest ${Math.max(...quarters).toFixed(0)} ms`,
        ...{ baseline: '', ratio: '', budget: `<= ${QUARTER_BUDGET} ms`, ok: median(quarters) <= QUARTER_BUDGET },
      },
    ];
  } finally {
    await service.close();
  }
};

/** Both layouts in a directory of their own, which is removed. `more` measures further things on the second of them. */
export const benchQuery = async (more: (store: string) => Promise<BenchRow[]>): Promise<BenchRow[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-bench-'));
  const [hours, minutes] = [join(directory, 'hours'), join(directory, 'minutes')];
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '768MiB' });
  const connection = await instance.connect();
  try {
    await writeDay(hours, DAY);
    await splitDay(hours, minutes);
    return [
      ...(await measure({ name: '24 objects', store: hours }, connection)),
      ...(await measure({ name: '1,440 objects', store: minutes }, connection)),
      ...(await more(minutes)),
    ];
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(directory, { recursive: true, force: true });
  }
};
