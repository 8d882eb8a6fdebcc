// What a question holds decides about its lane, and may be too much.
import { expect, test } from 'vitest';
import { filesInPlace } from '../../../../consumers/shared/query/cache/object-files.ts';
import { noTotals } from '../../../../consumers/shared/query/query-stats.ts';
import { QuestionSizes } from '../../../../consumers/shared/query/question-sizes.ts';

const object = (key: string, size: number, tag = '1') => ({ key, size, tag });
const LARGE = 8 * 1024 ** 2;
const HALF = LARGE / 2;

test('a question of 8 MiB is a large one, however many windows it has; each object counts once', async () => {
  const [sizes, totals] = [new QuestionSizes(null), noTotals()];
  const files = sizes.counted(filesInPlace('/store', totals));
  const [one, other] = [new AbortController().signal, new AbortController().signal];
  await files.hold([object('a', HALF)], one);
  await files.hold([object('a', HALF)], one);
  await files.hold([object('a', HALF), object('b', 1)], other);
  expect([sizes.lane(one), sizes.lane(other), sizes.lane(undefined)]).toEqual(['small', 'small', 'small']);
  await files.hold([object('a', HALF, '2')], one); // another object under the same key
  expect([sizes.lane(one), sizes.lane(other)]).toEqual(['large', 'small']);
  expect([totals.objects, totals.bytes]).toEqual([4, 3 * HALF + 1]);
});

test('what is more than one question may hold is VF_LIMIT, and is not held', async () => {
  const [sizes, totals] = [new QuestionSizes(LARGE), noTotals()];
  const files = sizes.counted(filesInPlace('/store', totals));
  const { signal } = new AbortController();
  await files.hold([object('a', LARGE)], signal);
  await expect(files.hold([object('b', 1)], signal)).rejects.toMatchObject({
    code: 'VF_LIMIT',
    message: 'the objects of this window need 9 MiB of the cache',
    help: 'ask for a smaller window, or raise --cache-size (8 MiB)',
  });
  expect(totals.objects).toBe(1);
});
