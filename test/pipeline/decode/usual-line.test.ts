// The short way through a usual line against the reference: lines of few interfaces, each perhaps with a fault anywhere.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../../pipeline/decode/line.ts';
import { TokenTexts } from '../../../pipeline/decode/token-texts.ts';
import { hasUsualLines, UsualLine } from '../../../pipeline/decode/usual-line.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { Flow } from '../../../pipeline/flow.ts';
import { parseFormat } from '../../../pipeline/formats/format.ts';
import { DEFAULT_FORMAT } from '../../../schemas/fields.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { readLine } from '../../reference/line.ts';
import { readWith } from '../../reference/read-flow.ts';

const FORMAT = parseFormat(DEFAULT_FORMAT);
const octet = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 97, max: 102 }),
  fc.integer({ min: 248, max: 257 }),
);
const quad = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const digits = (max: number): fc.Arbitrary<number> => fc.oneof(fc.nat(max), fc.integer({ min: max - 5, max: max + 5 }));
const time = fc.integer({ min: 1_795_226_400, max: 1_795_226_700 });

const line = fc
  .tuple(
    fc.constantFrom('2 123456789012 eni-0a', '2 123456789012 eni-0b', '2 123456789012  eni-0a', '2 - eni-0a', '2 1 -'),
    fc.tuple(quad, quad, digits(65_535), digits(65_535), fc.constantFrom(1, 6, 17, 58, 255, 256)),
    fc.tuple(fc.oneof(digits(5000), digits(999_999_999)), fc.oneof(digits(90_000), digits(9_999_999_999)), time, time),
    fc.constantFrom('ACCEPT OK', 'REJECT OK', 'ACCEPT OK', 'REJECT OK', 'ACCEPT  OK', 'REJEPT OK', 'ACCEPT NODATA'),
  )
  .map(([start, ...rest]) => [start, ...rest.flat()].join(' '));

const fault = fc.record({
  at: fc.nat(120),
  drop: fc.nat(2),
  insert: fc.constantFrom('', ' ', '0', '9', '-', '.', 'x', ':', 'K', '\u00e9', '/'),
});

const faulty = fc.tuple(line, fc.option(fault, { freq: 2 })).map(([text, broken]) => {
  if (broken === null) return text;
  const at = Math.min(broken.at, text.length);
  return text.slice(0, at) + broken.insert + text.slice(at + broken.drop);
});

describe('usual lines', () => {
  it('are read as the reference reads them, and so is everything between them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(faulty, fc.boolean()), { maxLength: 30 }), (lines) => {
        const reader = new LineReader(FORMAT, DEFAULT_SETTINGS);
        const pools = [new StringPool(), new StringPool()];
        const flow = new Flow();
        for (const [text, second] of lines) {
          const time = { eventTime: -1, arrival: 1_795_226_500_000, latestStart: 1_795_226_600 };
          const read = readWith(reader, text, pools[second ? 1 : 0]!, time, flow);
          const expected = readLine(FORMAT, DEFAULT_SETTINGS, Buffer.from(text), time);
          if (read.outcome === 'REJECT') expect({ outcome: read.outcome, reason: read.reason }).toEqual(expected);
          else expect(read).toEqual(expected);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('are taken the short way once their beginning is known, and lines with a fault never are', () => {
    const usual = new UsualLine(new TokenTexts(FORMAT.fields.length));
    const pool = new StringPool();
    const flow = new Flow();
    const reader = new LineReader(FORMAT, DEFAULT_SETTINGS);
    const text = '2 123456789012 eni-0a 10.0.0.1 10.0.0.2 40000 443 6 3 180 1795226400 1795226460 ACCEPT OK';
    const bytes = Buffer.from(text);
    const short = (buf: Buffer): boolean => usual.read(buf, 0, buf.length, Number.POSITIVE_INFINITY, pool, flow);
    expect(short(bytes)).toBe(false);
    reader.read(bytes, 0, bytes.length, { eventTime: -1, arrival: -1, latestStart: Infinity }, pool, flow);
    usual.learn(bytes, 0, bytes.length, pool, flow);
    expect(short(bytes)).toBe(true);
    expect(short(Buffer.from(text.replace('443', '4430').replace('ACCEPT', 'REJECT')))).toBe(true);
    for (let i = 0; i < bytes.length; i++) {
      const broken = Buffer.from(bytes);
      broken[i] = 0x78;
      expect(short(broken)).toBe(false);
      expect(short(bytes.subarray(0, i))).toBe(false);
    }
  });

  it('are those of the default format alone', () => {
    expect(hasUsualLines(FORMAT)).toBe(true);
    expect(hasUsualLines(parseFormat(`${DEFAULT_FORMAT} \${vpc-id}`))).toBe(false);
  });
});
