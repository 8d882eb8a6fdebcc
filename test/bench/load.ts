// Measures a query server with two hundred clients at once, and how long small questions take beside large ones.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { DAY_START } from './digest-day.ts';
import type { BenchRow } from './measure.ts';
import { DAY_WINDOW } from './query-questions.ts';

const CLIENTS = 200;
const SECONDS = 60;
const SMALL_QUESTIONS = 100;
const LARGE_QUESTIONS = 4;
const CLI = new URL('../../consumers/vpcflow.ts', import.meta.url).pathname;
const MINUTE = 60_000;

const windowOf = (start: number, stop: number): string =>
  `start=${new Date(start).toISOString()}&stop=${new Date(stop).toISOString()}`;

/** Two minutes, each time others. */
const smallWindow = (n: number): string => {
  const start = DAY_START + ((n * 7) % 1430) * MINUTE;
  return windowOf(start, start + 2 * MINUTE);
};

const KINDS: readonly ((window: string) => string)[] = [
  (window) => `/v1/rows?${window}&group=interface_id,action&top=100`,
  (window) => `/v1/graph?${window}&top=50&format=json`,
  (window) => `/v1/series?${window}&format=csv`,
  (window) => `/?${window}`,
];

interface Answer {
  readonly ms: number;
  readonly ok: boolean;
  readonly status: string;
}

/** Reads an answer to its end; never rejects. */
const asked = (url: string, agent: Agent): Promise<Answer> => {
  const began = performance.now();
  return new Promise((resolve) => {
    const end = (status: string) => resolve({ ms: performance.now() - began, ok: status === '200', status });
    get(url, { agent }, (answer) => {
      answer.resume();
      answer.once('error', (error) => end(error.message));
      answer.once('end', () => end(String(answer.statusCode)));
    }).once('error', (error) => end(error.message));
  });
};

const quantile = (numbers: readonly number[], q: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * q))];

const rssOf = (child: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024; // MiB

const started = async (store: string): Promise<{ readonly child: ChildProcess; readonly url: string }> => {
  const child = spawn(process.execPath, [CLI, 'query', '--store', store, '--port', '0', '--log', 'json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for (;;) {
    const [piece]: Buffer[] = await once(child.stderr, 'data');
    said += piece.toString();
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
    if (url === undefined) continue;
    child.stderr.resume(); // the log of requests
    return { child, url };
  }
};

const loadRow = async (url: string, child: ChildProcess): Promise<BenchRow> => {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const answers: Answer[] = [];
  const rss: number[] = [];
  let number = 0;
  const sampling = setInterval(() => rss.push(rssOf(child)), 250);
  const end = performance.now() + SECONDS * 1000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      number += 1;
      answers.push(await asked(`${url}${KINDS[number % KINDS.length](smallWindow(number))}`, agent));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  clearInterval(sampling);
  agent.destroy();
  const times = answers.map(({ ms }) => ms);
  const failures = answers.filter(({ ok }) => !ok).map(({ status }) => status);
  const failed = failures.length;
  const third = Math.floor(rss.length / 3);
  const growth = quantile(rss.slice(-third), 0.5) / quantile(rss.slice(third, 2 * third), 0.5);
  return {
    what: `${CLIENTS} clients for ${SECONDS} s: rows, graph, series and page of 2 minutes`,
    ours: `${(answers.length / SECONDS).toFixed(0)} answers/s, p50 ${quantile(times, 0.5).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms, ${Math.max(...rss).toFixed(0)} MiB at most`,
    baseline: `last third to the one before ${growth.toFixed(2)}`,
    ratio: `${failed} errors${[...new Set(failures)].map((status) => ` ${status}`).join('')}`,
    budget: '0 errors',
    ok: failed === 0,
  };
};

const fairnessRow = async (url: string): Promise<BenchRow> => {
  const agent = new Agent({ keepAlive: true });
  const small = async (keptAlive: Agent): Promise<number[]> => {
    const times: number[] = [];
    for (let n = 0; n < SMALL_QUESTIONS; n++)
      times.push((await asked(`${url}${KINDS[1](smallWindow(n))}`, keptAlive)).ms);
    return times;
  };
  const calm = new Agent({ keepAlive: true });
  const alone = await small(calm);
  let over = false;
  let large = 0;
  let failed = 0;
  const heavy = async (): Promise<void> => {
    while (!over) {
      const { ok } = await asked(
        `${url}/v1/graph?${windowOf(DAY_WINDOW.start, DAY_WINDOW.stop)}&top=200&format=json`,
        agent,
      );
      if (ok) large += 1;
      else if (!over) failed += 1;
    }
  };
  const heavies = Array.from({ length: LARGE_QUESTIONS }, heavy);
  const beside = await small(calm);
  over = true;
  calm.destroy();
  agent.destroy(); // their clients leave, and end them
  await Promise.all(heavies);
  const text = (times: readonly number[]): string =>
    `p50 ${quantile(times, 0.5).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms`;
  return {
    what: `graph of 2 minutes beside ${LARGE_QUESTIONS} of 24 h`,
    ours: `${text(beside)}; ${large} of 24 h answered meanwhile`,
    baseline: `alone ${text(alone)}`,
    ratio: (quantile(beside, 0.5) / quantile(alone, 0.5)).toFixed(1),
    ...{ budget: failed === 0 ? '' : `${failed} failed`, ok: failed === 0 ? null : false },
  };
};

/** Over a store of one object a minute. */
export const benchLoad = async (store: string): Promise<BenchRow[]> => {
  const { child, url } = await started(store);
  try {
    return [await loadRow(url, child), await fairnessRow(url)];
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
};
