// The escaping of the daemon's bytes: however they are cut into chunks, only U+2028 and U+2029 change, and no value does.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolInput } from '../../../../../consumers/shared/kcl/child/protocol-input.ts';

const through = async (chunks: readonly Buffer[]): Promise<Buffer> => {
  const input = new ProtocolInput();
  Readable.from(chunks).pipe(input);
  return await buffer(input);
};

/** Cuts at the given places, sorted, each a share of the length; cuts may coincide. */
const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const at = [...places.map((share) => Math.floor(share * bytes.length)), bytes.length].sort((a, b) => a - b);
  return at.map((end, i) => bytes.subarray(i === 0 ? 0 : at[i - 1], end));
};

// Evenly spread: doubles as fast-check makes them lie nearly all at 0.
const places = fc.array(
  fc.nat(999).map((n) => n / 1000),
  { maxLength: 40 },
);
/** Characters that share bytes with the two, and the two themselves. */
const near = fc.array(
  fc.constantFrom('\u2028', '\u2029', '\u2027', '\u202a', '\u20a8', '€', 'ⴀ', '\\', '"', 'a', 'é', '😀'),
);

test('text of JSON means the same, and has neither of them any more', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          near.map((list) => list.join('')),
          fc.string({ unit: 'grapheme' }),
        ),
      ),
      places,
      async (value, at) => {
        const given = JSON.stringify(value);
        const out = (await through(cut(Buffer.from(given), at))).toString();
        expect(out).toBe(given.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029'));
        expect(JSON.parse(out)).toEqual(value);
      },
    ),
  );
});

test('bytes that are no such character pass unchanged, valid UTF-8 or not', async () => {
  const piece = fc.constantFrom([0xe2, 0x80, 0xa8], [0xe2, 0x80, 0xa9], [0xe2, 0x80], [0xe2], [0xa8], [0x61], [0xff]);
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 5, maxLength: 30 }), places, async (pieces, at) => {
      const bytes = pieces.flat();
      const expected = Buffer.from(bytes)
        .toString('latin1')
        .replace(/\xe2\x80(\xa8|\xa9)/g, (_, last) => (last === '\xa8' ? '\\u2028' : '\\u2029'));
      const out = await through(cut(Buffer.from(bytes), at));
      expect(out.toString('latin1')).toBe(expected);
    }),
  );
});

test('what has none of them is passed on without a copy', async () => {
  const chunk = Buffer.from(JSON.stringify({ data: 'QUJD'.repeat(1000), partitionKey: 'é' }));
  const input = new ProtocolInput();
  input.write(chunk);
  const out: Buffer = input.read();
  expect(out.buffer).toBe(chunk.buffer);
  expect(out.equals(chunk)).toBe(true);
});

test('a message may be as long as a string, and one that is longer ends it with what to do', async () => {
  const flow = async (chunks: readonly string[]): Promise<string> => {
    const input = new ProtocolInput(1_000);
    const read = buffer(input);
    for (const chunk of chunks) input.write(chunk);
    input.end();
    return (await read).toString();
  };
  const [half, line] = ['x'.repeat(500), `${'y'.repeat(1_000)}\n`];
  expect(await flow([half, half, '\n', line, line, half])).toBe(`${half}${half}\n${line}${line}${half}`);
  const error = { code: 'VF_ENGINE', help: expect.stringContaining('--kcl maxRecords=') };
  await expect(flow([half, line, half, half, 'x'])).rejects.toMatchObject(error);
  await expect(flow([half, '\u2028'.repeat(84)])).rejects.toMatchObject(error); // 752 bytes, 1,004 characters
});
