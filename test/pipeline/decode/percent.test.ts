// Percent-encoded tag values.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentDecode } from '../../../pipeline/decode/percent.ts';

const decode = (encoded: string): string => {
  const bytes = Buffer.from(` ${encoded} `);
  const out = Buffer.alloc(bytes.length);
  return out.toString('utf8', 0, percentDecode(bytes, 1, bytes.length - 1, out));
};

describe('percentDecode', () => {
  it.each([
    ['web', 'web'],
    ['web%20server', 'web server'],
    ['caf%C3%A9', 'café'],
    ['caf%c3%a9', 'café'],
    ['%E6%9D%B1%E4%BA%AC', '東京'],
    ['50%', '50%'],
    ['50%2', '50%2'],
    ['%zz%20', '%zz '],
    ['%%41', '%A'],
    ['%2541', '%41'], // decoded once
    ['a+b', 'a+b'],
    ['%FF', '%FF'], // no UTF-8
    ['a%20%C3', 'a%20%C3'],
    ['é%20é', 'é é'],
  ])('%s is %s', (encoded, value) => {
    expect(decode(encoded)).toBe(value);
  });

  it('undoes encodeURIComponent', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed()),
        (value) => {
          expect(decode(encodeURIComponent(value))).toBe(value);
        },
      ),
    );
  });
});
