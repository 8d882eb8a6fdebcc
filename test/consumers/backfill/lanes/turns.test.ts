// Turns by key: one after the other, whatever became of the one before, and nothing is kept of them.
import { expect, test } from 'vitest';
import { Turns } from '../../../../consumers/backfill/lanes/turns.ts';

test('those of one key go one after the other, those of another do not wait', async () => {
  const turns = new Turns();
  const told: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const take = (key: string, name: string): Promise<string> =>
    turns.take(key, async () => {
      told.push(`${name} begins`);
      const end = Promise.withResolvers<void>();
      ends.set(name, end);
      await end.promise;
      told.push(`${name} ends`);
      return name;
    });
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const [first, second, third, other] = [take('a', '1'), take('a', '2'), take('a', '3'), take('b', 'other')];
  await settled();
  expect(told).toEqual(['1 begins', 'other begins']);
  ends.get('1')?.reject(new Error('1 failed'));
  await expect(first).rejects.toThrow('1 failed');
  await settled();
  expect(told.slice(2)).toEqual(['2 begins']);
  ends.get('2')?.resolve();
  expect(await second).toBe('2');
  await settled();
  ends.get('3')?.resolve();
  ends.get('other')?.resolve();
  expect(await Promise.all([third, other])).toEqual(['3', 'other']);
  expect(await turns.take('a', async () => 'later')).toBe('later');
});
