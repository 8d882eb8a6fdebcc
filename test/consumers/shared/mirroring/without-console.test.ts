// What a library tells the console does not come to standard output, and afterwards everything is as it was.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withoutConsole } from '../../../../consumers/shared/mirroring/without-console.ts';

const said: string[] = [];
const before = console.log;
const collect = (text: string): void => void said.push(text);
beforeEach(() => {
  said.length = 0;
  console.log = collect;
});
afterEach(() => {
  console.log = before;
});

test('nothing is heard of the work, also of several at once, and everything of others meanwhile', async () => {
  const gate = Promise.withResolvers<void>();
  const first = withoutConsole(async () => {
    console.log('one');
    await gate.promise;
    console.log('two');
    return 1;
  });
  const second = withoutConsole(() => {
    console.log('three');
    return Promise.reject(new Error('damaged'));
  });
  await expect(second).rejects.toThrow('damaged');
  console.log('four');
  await Promise.resolve().then(() => console.log('four, later'));
  gate.resolve();
  expect(await first).toBe(1);
  expect(console.log).toBe(collect);
  console.log('five');
  expect(said).toEqual(['four', 'four, later', 'five']);
});
