// Answers one question of the diff bench in a process of its own, and says what it took: seconds and peak memory.
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { diffQuestion } from '../../consumers/query/questions/diff-question.ts';
import { openPair } from '../../consumers/query/questions/pair-source.ts';
import { openQueryService } from '../../consumers/shared/query/service.ts';
import { DirectoryStore } from '../../consumers/shared/store/directory.ts';
import { DEFAULT_OWN_NETWORKS } from '../../schemas/graph.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

const CONVERSATION = 'srcaddr, dstaddr, srcport, dstport, protocol, action, account_id, interface_id';
const [store, contestant] = process.argv.slice(2);
const window = { start: Date.parse('2026-11-20T05:15:00Z'), stop: Date.parse('2026-11-20T05:30:00Z') };
const against = { start: Date.parse('2026-11-20T05:00:00Z'), stop: window.start };

async function diff(): Promise<number> {
  const service = await openQueryService({ store: new DirectoryStore(store), clock: new ManualClock() });
  const { signal } = new AbortController();
  const lateness = 0;
  const question = diffQuestion({
    ...{ window, against, lateness, incomplete: true, group: 'address', internet: 'each', top: null },
    ...{ ownNetworks: DEFAULT_OWN_NETWORKS, count: 'conversations', format: 'json' },
  });
  const source = await openPair(service, { window, against }, { lateness, incomplete: true, signal });
  let length = 0;
  for await (const piece of question.answer(service, source, signal)) length += piece.length;
  source.release();
  await service.close();
  return length;
}

/** Summed up, so that its groups need not leave the engine. */
async function plain(columns: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '768MiB' });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(`SELECT count(*), sum(f), sum(p), sum(b), min(s), max(e) FROM (
    SELECT ${columns}, sum(flows) AS f, sum(packets) AS p, sum(bytes) AS b, min("start") AS s, max("end") AS e
    FROM read_parquet('${store}/digests/**/*.parquet', hive_partitioning = false) GROUP BY ALL)`);
  const [[groups]] = result.getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return Number(groups);
}

const contestants: Readonly<Record<string, () => Promise<number>>> = {
  diff,
  windows: () => plain(`minute >= TIMESTAMPTZ '2026-11-20T05:15:00Z' AS later, ${CONVERSATION}`),
  group: () => plain(CONVERSATION),
};
const [cpu, wall] = [process.cpuUsage(), performance.now()];
const answer = await contestants[contestant]();
const { user, system } = process.cpuUsage(cpu);
const peak = Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
const seconds = { cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1000 };
process.stdout.write(JSON.stringify({ answer, peak, ...seconds }));
