// How an answer begins: again without a damaged object that is met before the first piece, and broken off after it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BegunAnswer, beginAnswer } from '../../../../consumers/query/questions/begin-answer.ts';
import type { Question } from '../../../../consumers/query/questions/question.ts';
import { readMetadata } from '../../../../consumers/shared/parquet/metadata.ts';
import { openQueryService, type QueryService } from '../../../../consumers/shared/query/service.ts';
import type { WindowSource } from '../../../../consumers/shared/query/window/window-source.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { AFTER, NETWORK, WINDOW } from '../flow-rows.ts';
import { putRows } from '../store-of-rows.ts';

const DAMAGED = 'digests/date=2026-11-20/hour=05/damaged.parquet';

let directory: string;
let service: QueryService;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-begin-'));
  const store = new DirectoryStore(directory);
  await putRows(store, 'digests', 'whole', NETWORK);
  await putRows(store, 'digests', 'damaged', NETWORK);
  const { body } = (await store.get(DAMAGED))!;
  const read = async (position: number, length: number) => body.subarray(position, position + length);
  const { columns, groups } = await readMetadata({ size: body.length, read });
  // A column that nothing but the question reads.
  const { start } = groups[0].chunks[columns.find(({ name }) => name === 'srcaddr')!.index];
  await store.put(DAMAGED, Buffer.from(body).fill(0xa5, start, start + 20));
  service = await openQueryService({ store, clock: new ManualClock(AFTER) });
});
afterEach(async () => {
  await service.close();
  await rm(directory, { recursive: true, force: true });
});

const count = (text: string) => `SELECT count(DISTINCT srcaddr) AS n, count(*) AS rows FROM ${text}`;

/** A question whose body is `before`, and then what the SQL finds. */
const question = (sql: (table: string) => string, before: readonly string[] = []): Question => ({
  window: { start: Date.parse(WINDOW.start), stop: Date.parse(WINDOW.stop) },
  ...{ lateness: 0, tables: ['digests'], contentType: 'text/plain', binary: false, text: '' },
  answer: async function* (asked, source, signal) {
    yield* before;
    const { chunks } = await asked.engine.run(sql(source.tables.digests), [], signal);
    for await (const rows of chunks) yield rows.map((row) => row.join()).join();
  },
});

const begin = (asked: Question, isKnown?: (source: WindowSource) => boolean): Promise<BegunAnswer> =>
  beginAnswer(service, asked, new AbortController().signal, isKnown);

const whole = async ({ body, end }: BegunAnswer): Promise<string[]> => {
  try {
    return body === null ? [] : await Array.fromAsync(body, String);
  } finally {
    await end();
  }
};

describe('a damaged object', () => {
  test('that is met before the first piece is left out, and what says how complete the answer is says so', async () => {
    const begun = await begin(question(count));
    expect(begun.source.completeness).toMatchObject({ complete: false, warnings: [expect.stringContaining(DAMAGED)] });
    expect((await whole(begun)).at(-1)).toBe(`5,${NETWORK.length}`);
  });

  test('that is met later breaks the answer off and is named; the next answer is without it', async () => {
    const asked = question(count, ['first']);
    const begun = await begin(asked);
    expect(begun.source.completeness.warnings).toEqual([]);
    await expect(whole(begun)).rejects.toMatchObject({
      code: 'VF_STORE_CORRUPT',
      message: expect.stringContaining(DAMAGED),
    });
    const again = await begin(asked);
    expect(again.source.completeness.warnings).toEqual([expect.stringContaining(DAMAGED)]);
    expect(await whole(again)).toEqual(['first', `5,${NETWORK.length}`]);
  });
});

test('a query that fails for itself is no reason to leave anything out', async () => {
  for (const before of [[], ['first']]) {
    const asked = question((table) => `SELECT nothing FROM ${table}`, before);
    await expect(begin(asked).then(whole)).rejects.toMatchObject({ code: 'VF_QUERY' });
  }
  const { source, end } = await begin(question((table) => `SELECT count(*) FROM ${table}`));
  expect(source.tables.digests.match(/\.parquet/g)).toHaveLength(2);
  expect(source.completeness.warnings).toEqual([]);
  await end();
});

test('nothing is read where the asker has the answer already', async () => {
  const never = () => {
    throw new Error('it was asked for');
  };
  const { body, end } = await begin(question(never), () => true);
  expect(body).toBeNull();
  await end();
});
