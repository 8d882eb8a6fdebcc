// Holds the string pool to what a Map of texts would do, and its order to the order of UTF-8 bytes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StringPool } from '../../../pipeline/digest/strings.ts';

const intern = (pool: StringPool, text: string): number => {
  const bytes = Buffer.from(`<${text}>`);
  return pool.intern(bytes, 1, bytes.length - 1);
};

const byteOrder = (texts: readonly string[]): string[] =>
  [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const sortedByRanks = (pool: StringPool): string[] => {
  const sorted: string[] = [];
  pool.ranks().forEach((rank, id) => {
    sorted[rank] = pool.text(id);
  });
  return sorted;
};

/** Texts that share long beginnings, hold NUL, and reach outside ASCII and the BMP. */
const texts = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom('10.0.', '1', '\0', 'ä', '🐟', '\uffff', 'eni-0123456789')).map((parts) => parts.join('')),
  ),
);

describe('StringPool', () => {
  test('gives equal texts one id and different texts different ids', () => {
    fc.assert(
      fc.property(texts, (all) => {
        const pool = new StringPool();
        const wellFormed = all.map((text) => text.toWellFormed());
        const ids = wellFormed.map((text) => intern(pool, text));
        const distinct = [...new Set(wellFormed)];
        expect(pool.size).toBe(distinct.length);
        expect(ids).toEqual(wellFormed.map((text) => distinct.indexOf(text)));
        expect(ids.map((id) => pool.text(id))).toEqual(wellFormed);
        expect(wellFormed.map((text) => pool.internText(text))).toEqual(ids);
        expect(sortedByRanks(pool)).toEqual(byteOrder(distinct));
      }),
    );
  });

  test('ranks many strings with common beginnings', () => {
    const pool = new StringPool();
    const all = new Set<string>(['', '10', '10.', '10.0', '10.0\0']);
    for (let i = 0; i < 40_000; i++) {
      const n = Math.imul(i, 0x9e3779b1) >>> 0;
      all.add(`10.0.${(n >>> 8) & 0xff}.${n & 0xff}`);
      all.add(`2001:db8:1234:a100:8d6e:3477:${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}`);
      all.add(`${'arn:aws:ecs:us-east-1:123456789012:container-instance/'.repeat(2)}${n % 5000}`);
      if (i < 2000) all.add(`${'longer than all rounds '.repeat(20)}${n}`);
    }
    for (const text of all) intern(pool, text);
    expect(pool.size).toBe(all.size);
    expect(sortedByRanks(pool)).toEqual(byteOrder([...all]));
  });

  test('ranks follow when strings are added', () => {
    const pool = new StringPool();
    intern(pool, 'b');
    expect([...pool.ranks()]).toEqual([0]);
    intern(pool, 'a');
    expect([...pool.ranks()]).toEqual([1, 0]);
  });

  test('keeps strings longer than a chunk of its memory', () => {
    const pool = new StringPool();
    const long = ['a', 'b', 'c'].map((letter) => letter.repeat(300_000));
    const all = ['x', long[0], '', long[1], 'y', long[2], 'z'];
    const ids = all.map((text) => intern(pool, text));
    expect(ids.map((id) => pool.text(id))).toEqual(all);
    expect(all.map((text) => intern(pool, text))).toEqual(ids);
    expect(pool.bytes).toBeGreaterThan(900_000);
  });

  test('holds nothing and takes nothing once it is released', () => {
    const pool = new StringPool();
    for (let i = 0; i < 5000; i++) intern(pool, `text ${i}`);
    pool.release();
    expect(pool.size).toBe(0);
    expect(pool.bytes).toBeLessThan(100);
    expect(() => intern(pool, 'text 1')).toThrow('released');
  });

  test('keeps what is not UTF-8 as the text that a decoder makes of it', () => {
    const pool = new StringPool();
    const bytes = Uint8Array.of(0x61, 0xff, 0x62);
    const id = pool.intern(bytes, 0, bytes.length);
    expect(pool.text(id)).toBe('a\ufffdb');
    expect(pool.intern(bytes, 0, bytes.length)).toBe(id);
    expect(pool.internText('a\ufffdb')).toBe(id);
  });
});
