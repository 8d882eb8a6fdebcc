// Two databases as one engine: a query runs on that of its question's lane, and what they hold is told together.
import { expect, test } from 'vitest';
import { openDuckDb } from '../../../../../consumers/shared/query/engine/duckdb.ts';
import { laneEngines } from '../../../../../consumers/shared/query/engine/lane-engines.ts';
import type { Lane } from '../../../../../consumers/shared/query/query-stats.ts';

test('a query runs, whole, on the engine of its lane; both are counted, and both end', async () => {
  const large = new AbortController().signal;
  const lane = (signal: AbortSignal | undefined): Lane => (signal === large ? 'large' : 'small');
  const open = (threads: number) => openDuckDb({ directories: [], memoryLimit: 64 * 1024 ** 2, threads, lane });
  const engine = laneEngines({ small: await open(2), large: await open(1) }, lane);
  const threadsOf = async (signal?: AbortSignal): Promise<unknown> => {
    const first = { name: 'kept', sql: "SELECT current_setting('threads')::INTEGER AS n", parameters: [] };
    const { chunks } = await engine.run('SELECT n FROM kept', [], signal, first);
    return (await Array.fromAsync(chunks)).flat();
  };
  expect(await threadsOf()).toEqual([[2]]);
  expect(await threadsOf(large)).toEqual([[1]]);

  const many = 'SELECT range FROM range(1000000)';
  const held = [await engine.run(many), await engine.run(many, [], large)];
  const waiting = held.map(({ chunks }) => chunks[Symbol.asyncIterator]());
  for (const one of waiting) expect((await one.next()).done).toBe(false);
  expect(await engine.present()).toMatchObject({ running: { small: 0, large: 0 }, waiting: { small: 0, large: 0 } });
  await engine.close();
  await expect(engine.run('SELECT 1')).rejects.toThrow('closed');
  await expect(engine.run('SELECT 1', [], large)).rejects.toThrow('closed');
});
