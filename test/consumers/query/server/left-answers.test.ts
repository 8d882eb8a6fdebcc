// An answer that is left after its first piece, as HEAD and a client that goes away leave it, holds nothing any more.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coverageQuestion } from '../../../../consumers/query/questions/coverage-question.ts';
import type { Question } from '../../../../consumers/query/questions/question.ts';
import { rowsQuestion } from '../../../../consumers/query/questions/rows-question.ts';
import { openQueryService, type QueryService } from '../../../../consumers/shared/query/service.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { ROW_FORMATS, TEXT_FORMATS } from '../../../../schemas/formats.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { NOW, putGoldenStore } from '../golden-store.ts';

let directory: string;
let service: QueryService;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-left-'));
  const store = new DirectoryStore(directory);
  await putGoldenStore(store);
  service = await openQueryService({ store, clock: new ManualClock(NOW) });
});
afterAll(async () => {
  await service.close();
  await rm(directory, { recursive: true });
});

const window = { start: Date.parse('2026-11-20T05:00:00Z'), stop: Date.parse('2026-11-20T06:00:00Z') };

/** Connections of the engine, each of which holds the rows of a query; the one that asks is among them. */
const connections = async (): Promise<unknown> => {
  const { chunks } = await service.engine.run('SELECT * FROM duckdb_connection_count()');
  for await (const [row] of chunks) return row?.[0];
  return null;
};

const questions: readonly (readonly [string, () => Question])[] = [
  ...ROW_FORMATS.map(
    (format) =>
      [
        `rows as ${format}`,
        () => rowsQuestion({ window, lateness: 0, format, group: [], where: null, top: null }),
      ] as const,
  ),
  ...TEXT_FORMATS.map(
    (format) => [`coverage as ${format}`, () => coverageQuestion({ window, lateness: 0, format })] as const,
  ),
];

for (const [name, question] of questions) {
  test(name, async () => {
    const { tables, answer } = question();
    const before = await connections();
    const source = await service.window(window, tables);
    const body = answer(service, source, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await body.next()).done).toBe(false);
    await body.return?.();
    source.release();
    expect(await connections()).toBe(before);
  });
}
