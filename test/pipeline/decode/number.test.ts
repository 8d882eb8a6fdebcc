// Numbers of a line: decimal digits only, exact, within a limit.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NUMBER, scanNumber } from '../../../pipeline/decode/number.ts';

/** The number that `text` as a whole is, or null. */
const scan = (text: string, max = MAX_NUMBER): number | null => {
  const bytes = Buffer.from(text);
  const out = new Float64Array(1);
  return scanNumber(bytes, 0, bytes.length, max, out, 0) === bytes.length ? out[0] : null;
};

describe('scanNumber', () => {
  it('reads every whole number up to its limit, with leading zeros too, and none past it', () => {
    const digits = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 60n }),
      fc.bigInt({ min: 2n ** 53n - 20n, max: 2n ** 53n + 20n }),
    );
    const limits = fc.constantFrom(255, 65_535, 999_999_999, 2 ** 31 - 1, MAX_NUMBER);
    fc.assert(
      fc.property(digits, fc.constantFrom('', '0', '0000000000'), limits, (value, zeros, max) => {
        expect(scan(zeros + value, max)).toBe(value > BigInt(max) ? null : Number(value));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['', '-1', '+1', '1.0', '1e3', '0x1f', '1_000', '1,000', ' 1', '1 ', 'NaN', 'Infinity', '٣', '/', ':'])(
    '%j is none',
    (text) => {
      expect(scan(text)).toBeNull();
    },
  );
});
