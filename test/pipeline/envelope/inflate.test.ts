// Decompression of anything: the same bytes as zlib's own, and at a damage exactly what zlib makes of the bytes before it.
import { constants, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Damage } from '../../../pipeline/envelope/chunks.ts';
import { compressionOf, decompressWhole } from '../../../pipeline/envelope/compression.ts';
import { decompressed } from '../../../pipeline/envelope/inflate.ts';
import { cutUp } from './arbitrary-envelopes.ts';

const inflated = async (chunks: readonly Buffer[]): Promise<{ bytes: Buffer; damage: Damage | null }> => {
  async function* open(): AsyncGenerator<Buffer> {
    yield* chunks;
  }
  const parts: Buffer[] = [];
  const source = decompressed(open);
  for (;;) {
    const step = await source.next();
    if (step.done === true) return { bytes: Buffer.concat(parts), damage: step.value };
    parts.push(step.value);
  }
};

/** What zlib makes of the longest beginning in which it finds no damage; it finds one by the byte that shows it. */
const beforeDamage = (data: Buffer): Buffer => {
  const attempt = (length: number): Buffer | null => {
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    try {
      const bytes = data.subarray(0, length);
      return data[0] === 0x1f ? gunzipSync(bytes, options) : inflateSync(bytes, options);
    } catch {
      return null;
    }
  };
  let good = 0;
  let bad = data.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (attempt(middle) === null) bad = middle;
    else good = middle;
  }
  return (good < 2 ? null : attempt(good)) ?? Buffer.alloc(0);
};

/** Text that compresses about as flow logs do. */
const text = fc
  .array(fc.tuple(fc.nat(5), fc.nat(10_000)), { minLength: 1, maxLength: 3000 })
  .map((parts) => Buffer.from(parts.map(([a, b]) => `2 123456789012 eni-${a} 10.0.${a}.${b} ${b} OK\n`).join('')));
const compress = fc.constantFrom(
  (data: Buffer) => gzipSync(data),
  (data: Buffer) => gzipSync(data, { level: 1 }),
  (data: Buffer) => gzipSync(data, { level: 0 }),
  (data: Buffer) => gzipSync(data, { strategy: constants.Z_FIXED }),
  (data: Buffer) => deflateSync(data),
  (data: Buffer) => Buffer.concat([gzipSync(data.subarray(0, 500)), gzipSync(data.subarray(500))]),
);

describe('decompression', () => {
  test('gives what was compressed, at once and as a stream', async () => {
    await fc.assert(
      fc.asyncProperty(text, compress, fc.integer({ min: 1, max: 9000 }), async (data, pack, size) => {
        const packed = pack(data);
        expect(decompressWhole(packed)).toEqual(data);
        expect(await inflated(cutUp(packed, [size]))).toEqual({ bytes: data, damage: null });
      }),
      { numRuns: 60 },
    );
  });

  test('gives all that comes before a damage', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        compress,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 9000 }),
        async (data, pack, at, mask, size) => {
          const packed = pack(data);
          const position = 10 + (at % (packed.length - 10)); // behind the header
          packed[position] ^= mask;
          const { bytes, damage } = await inflated(cutUp(packed, [size]));
          expect(bytes).toEqual(beforeDamage(packed));
          if (damage === null)
            expect(decompressWhole(packed)).toEqual(bytes); // bits that nobody checks
          else expect(decompressWhole(packed)).toBeNull();
        },
      ),
      { numRuns: 100 },
    );
  });

  test('gives all of what is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(text, compress, fc.nat(), fc.integer({ min: 1, max: 9000 }), async (data, pack, at, size) => {
        const packed = pack(data);
        const cut = packed.subarray(0, 2 + (at % (packed.length - 2)));
        const { bytes, damage } = await inflated(cutUp(cut, [size]));
        expect(bytes).toEqual(beforeDamage(cut));
        const ends = decompressWhole(cut)?.equals(bytes) === true; // between two members
        expect(damage?.reason ?? null).toBe(ends ? null : 'envelope_truncated');
      }),
      { numRuns: 100 },
    );
  });
});

test('what is compressed is told from its first bytes', () => {
  expect(compressionOf(0x1f, 0x8b)).toBe('gzip');
  for (const level of [0, 1, 6, 9]) {
    const packed = deflateSync('x', { level });
    expect(compressionOf(packed[0], packed[1])).toBe('zlib');
  }
  for (const plain of ['{"', '2 ', 'x ', 'xy', 'x?', '\n{']) {
    expect(compressionOf(plain.charCodeAt(0), plain.charCodeAt(1))).toBeNull();
  }
});
