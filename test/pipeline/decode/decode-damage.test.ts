// Damaged and hostile records: all that comes before the damage counts, the rest is one reject, and memory is bounded.
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RejectReason } from '../../../schemas/rejects.ts';
import { cutUp } from '../envelope/arbitrary-envelopes.ts';
import { addsUp, decodeChunks, decodeRecords, envelope, flowLine } from './decoded.ts';

const hosts = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => flowLine(i, 1000 + ((i * 7919) % 9973)));
const lines = hosts(400);
const text = lines.join('\n');
const record = envelope(lines);

/** The reasons of the rejects, in order. */
const reasons = (decoded: Awaited<ReturnType<typeof decodeRecords>>): RejectReason[] =>
  decoded.rejects.map(({ reason }) => reason);

describe('a record that ends too early', () => {
  test('counts every event that is there', async () => {
    for (const end of [1, 2, 20, 60, 500, record.length - 2, record.length - 1]) {
      const cut = record.slice(0, end);
      const whole = cut.split('OK"}').length - 1;
      const decoded = await decodeRecords([cut]);
      expect(decoded.counts).toMatchObject({ flows: whole, envelopes: whole > 0 ? 1 : 0 });
      expect(reasons(decoded)).toEqual(['envelope_truncated']);
      expect(decoded.raws).toEqual([Buffer.from(cut)]);
    }
  });

  test('is the same in gzip, whose bytes stand for a prefix of the text', async () => {
    for (const packed of [gzipSync(record), deflateSync(record), gzipSync(gzipSync(record))]) {
      let before = 0;
      for (let end = 3; end < packed.length; end += 311) {
        const decoded = await decodeRecords([packed.subarray(0, end)]);
        expect(reasons(decoded)).toEqual(['envelope_truncated']);
        expect(decoded.counts.flows).toBeGreaterThanOrEqual(before);
        before = decoded.counts.flows;
      }
      expect(before).toBeGreaterThan(300);
    }
  });

  test('has no last line where raw text is cut, for nobody knows its end', async () => {
    const packed = gzipSync(text);
    const decoded = await decodeRecords([packed.subarray(0, packed.length - 9)]);
    expect(decoded.counts.lines).toBe(decoded.counts.flows);
    expect(reasons(decoded)).toEqual(['envelope_truncated']);
  });
});

describe('a damage', () => {
  test('of the check sum alone leaves all data, and is one reject', async () => {
    for (const packed of [gzipSync(record), deflateSync(record)]) {
      const damaged = Buffer.from(packed);
      damaged[damaged.length - (packed[0] === 0x1f ? 6 : 2)] ^= 1;
      const decoded = await decodeRecords([damaged]);
      expect(decoded.counts).toMatchObject({ envelopes: 1, flows: 400 });
      expect(reasons(decoded)).toEqual(['envelope_undecodable']);
      expect(decoded.rejects[0]).toMatchObject({ scope: 'envelope', offset: record.length, whole: 'epoch-0.raw' });
    }
  });

  test.each([
    ['junk', Buffer.from('junk')],
    ['one byte of a magic number', Buffer.from([0x1f])],
    ['a magic number', Buffer.from([0x1f, 0x8b])],
    ['a bad header', Buffer.from([0x1f, 0x8b, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['zeros and junk', Buffer.from([0, 0, 0, 7])],
  ])('behind gzip is one reject: %s', async (_name, junk) => {
    const decoded = await decodeRecords([Buffer.concat([gzipSync(record), junk])]);
    expect(decoded.counts).toMatchObject({ envelopes: 1, flows: 400, rejects: { total: 1, envelopes: 1 } });
  });

  test('between two gzip members of zeros is none', async () => {
    const packed = [gzipSync(text), Buffer.alloc(512), gzipSync(`\n${text}`), Buffer.alloc(4)];
    const decoded = await decodeRecords([Buffer.concat(packed)]);
    expect(decoded.counts).toMatchObject({ flows: 800, rejects: { total: 0 } });
  });

  test('comes to the same however an object is cut up', async () => {
    const packed = gzipSync(record);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(packed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 5000 }),
        async (at, mask, size) => {
          const damaged = Buffer.from(packed);
          damaged[at] ^= mask;
          const whole = await decodeChunks([damaged]);
          expect(addsUp(whole)).toBe(true);
          expect(await decodeChunks(cutUp(damaged, [size]))).toEqual(whole);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('of any kind never breaks the count', async () => {
    const forms = [
      Buffer.from(record),
      gzipSync(record),
      deflateSync(record),
      gzipSync(gzipSync(record)),
      gzipSync(text),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(forms.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 }),
        fc.nat(),
        async (form, flips, end) => {
          const damaged = Buffer.from(forms[form]);
          for (const [at, mask] of flips) damaged[at % damaged.length] ^= mask;
          const decoded = await decodeRecords([end % 3 === 0 ? damaged.subarray(0, end % damaged.length) : damaged]);
          expect(addsUp(decoded)).toBe(true);
          expect(decoded.counts.records).toBe(1);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('is what any bytes are', async () => {
    const head = fc.constantFrom(
      [],
      [0x1f, 0x8b],
      [0x1f, 0x8b, 8, 0],
      [0x78, 0x9c],
      [0x7b],
      [0x7b, 0x22],
      [0xff, 0xfe],
    );
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 300 }), async (first, rest) => {
        expect(addsUp(await decodeRecords([Buffer.from([...first, ...rest])]))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an attack', () => {
  const zeros = Buffer.alloc(1024 * 1024);
  const bomb = (mebibytes: number): Buffer => gzipSync(Buffer.concat(Array.from({ length: mebibytes }, () => zeros)));

  test('that expands past 300 : 1 ends at 64 MiB', async () => {
    const first = flowLine(1);
    const packed = gzipSync(Buffer.concat([Buffer.from(`${first}\n`), ...Array.from({ length: 100 }, () => zeros)]));
    const decoded = await decodeRecords([packed]);
    expect(decoded.counts).toMatchObject({ flows: 1, lines: 1 });
    expect(reasons(decoded)).toEqual(['envelope_too_large']);
    expect(decoded.rejects[0].offset).toBe(64 * 1024 * 1024);
    expect(decoded.rejects[0].raw?.length).toBe(64 * 1024);
  });

  test('in two layers is measured against the bytes that came', async () => {
    const decoded = await decodeRecords([gzipSync(bomb(100))]);
    expect(reasons(decoded)).toEqual(['envelope_too_large']);
  });

  test('of many layers is not followed', async () => {
    let packed: Buffer = Buffer.from(record);
    for (let layer = 0; layer < 3; layer++) packed = gzipSync(packed);
    expect((await decodeRecords([packed])).counts.flows).toBe(400);
    const decoded = await decodeRecords([gzipSync(packed)]);
    expect(reasons(decoded)).toEqual(['envelope_undecodable']);
  });

  test('below the expansion limit is data like any other', async () => {
    const packed = gzipSync(Array.from({ length: 150 }, (_, i) => `${i % 10}${'x'.repeat(100_000)}`).join('\n'));
    const { counts, rejects } = await decodeRecords([packed]);
    expect(counts.rejects).toMatchObject({ lines: 150, by_reason: { line_too_long: 150 } });
    expect(rejects[149]).toMatchObject({ cut: true, offset: 149, whole: 'epoch-0.raw' });
  });

  test('with a line of 10 MB is one reject of 64 KiB, and the record is kept', async () => {
    const packed = gzipSync(`${flowLine(1)}\n${'x'.repeat(10_000_000)}\n${flowLine(2)}`);
    const decoded = await decodeRecords([packed]);
    expect(decoded.counts).toMatchObject({ lines: 3, flows: 2 });
    expect(decoded.rejects).toMatchObject([{ reason: 'line_too_long', offset: 1, cut: true, raw: 'x'.repeat(65_536) }]);
    expect(decoded.raws).toEqual([packed]);
  });

  test('with a million brackets is one reject', async () => {
    for (const deep of [`{"a":${'['.repeat(1_000_000)}`, '{"a":'.repeat(1_000_000)]) {
      expect(reasons(await decodeRecords([deep]))).toEqual(['envelope_truncated']);
    }
    expect(reasons(await decodeRecords([`{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`]))).toEqual([
      'envelope_undecodable',
    ]);
  });

  test('with an envelope too large to look ahead in memory is looked through twice', async () => {
    const many = Array.from({ length: 90_000 }, (_, i) => flowLine(i % 500));
    const { logEvents, ...header } = JSON.parse(envelope(many));
    const decoded = await decodeRecords([gzipSync(JSON.stringify({ logEvents, ...header }))]);
    expect(decoded.counts).toMatchObject({ envelopes: 1, flows: 90_000, rejects: { total: 0 } });
  });

  test('of bytes that are no text is kept as it came', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    const { rejects } = await decodeRecords([bytes]);
    expect(rejects).toMatchObject([{ scope: 'line', raw_base64: bytes.toString('base64') }]);
  });
});
