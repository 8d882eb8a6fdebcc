// Shows that lines come out whole wherever the bytes were cut, and that none is longer than its bound.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitLines } from '../../../../consumers/shared/kcl/lines.ts';

const MOST = 20; // bytes

/** What comes out when the bytes come in pieces of these sizes, again and again. */
const split = (bytes: Buffer, sizes: readonly number[]): readonly string[] => {
  const lines: string[] = [];
  const splitter = splitLines(MOST, (line) => lines.push(line));
  for (let [at, turn] = [0, 0]; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    splitter.push(bytes.subarray(at, at + size));
    at += size;
  }
  splitter.end();
  return lines;
};

const text = fc.string({ unit: fc.constantFrom('a', 'é', '\u2028', '\r', '\u{1F600}', '\n', '\n'), maxLength: 60 });

test('lines are what stands between newlines, cut at the bound', () => {
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (whole, sizes) => {
      const expected = whole.split('\n').map((line) => {
        const bytes = Buffer.from(line);
        return bytes.length > MOST ? `${bytes.subarray(0, MOST).toString()}…` : line;
      });
      if (expected.at(-1) === '') expected.pop();
      expect(split(Buffer.from(whole), sizes)).toEqual(expected);
    }),
  );
});

test('a line without an end is handed on at the end', () => {
  expect(split(Buffer.from('a\n\nb'), [3])).toEqual(['a', '', 'b']);
});
