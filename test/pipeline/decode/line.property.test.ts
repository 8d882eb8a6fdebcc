// Compares LineReader with its plain reference on generated formats, lines, times and settings.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader, type LineTime } from '../../../pipeline/decode/line.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { Flow } from '../../../pipeline/flow.ts';
import { type Format, parseFormat } from '../../../pipeline/formats/format.ts';
import { DEFAULT_FORMAT, FIELDS, type Field, TRANSIT_GATEWAY_FORMAT } from '../../../schemas/fields.ts';
import type { Settings } from '../../../schemas/settings.ts';
import { readLine } from '../../reference/line.ts';
import { readWith } from '../../reference/read-flow.ts';

const upTo = (version: number): string =>
  FIELDS.filter((field) => field.since <= version && field.since !== 6)
    .map((field) => `\${${field.id}}`)
    .join(' ');

const anyFormat: fc.Arbitrary<Format> = fc.oneof(
  fc.constantFrom(DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT, ...[3, 4, 5, 7, 8, 9, 10, 11].map(upTo)).map(parseFormat),
  fc
    .shuffledSubarray([...FIELDS.map((field) => field.id), 'new-field', 'newer-field-2'], { minLength: 1 })
    .filter((ids) => ids.some((id) => !id.startsWith('new')))
    .map((ids) => parseFormat(ids.map((id) => `\${${id}}`).join(' '))),
  fc
    .shuffledSubarray(['srcport', 'dstport', 'protocol', 'action', 'log-status', 'start', 'end', 'asg-tag'], {
      minLength: 1,
    })
    .map((ids) => parseFormat(ids.map((id) => `\${${id}}`).join(' '))),
);

const quad = fc.oneof(
  fc.ipV4(),
  fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 250, max: 260 })).map(([a, b]) => `10.0.${a}.${b}`),
  fc
    .array(fc.constantFrom('0', '00', '1', '01', '9', '255', '256', '1000', ''), { minLength: 3, maxLength: 5 })
    .map((p) => p.join('.')),
);
const groups = fc
  .array(
    fc.constantFrom('0', '0', '0000', '1', 'DB8', 'ffff', 'FFFF', 'a0b', '', '10000', 'g', '192.0.2.1', '192.0.2.01'),
    {
      minLength: 1,
      maxLength: 10,
    },
  )
  .map((parts) => parts.join(':'));
const address = fc.oneof(
  { weight: 3, arbitrary: quad },
  fc.ipV6(),
  groups,
  groups.map((g) => `::${g}`),
  groups.map((g) => `${g}::`),
  fc.constantFrom(
    '::',
    '::1',
    '::ffff:192.0.2.1',
    '::FFFF:c000:201',
    '1::',
    '2001:db8::1:0:0:1',
    'fe80::1%eth0',
    ':::',
    '1:::2',
  ),
);

const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat(70_000).map(String) },
  fc.constantFrom(
    '0',
    '00',
    '007',
    '255',
    '256',
    '65535',
    '65536',
    '2147483647',
    '2147483648',
    '999999999',
    '1000000000',
  ),
  fc.constantFrom(
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '00009007199254740991',
    '18446744073709551616',
  ),
  fc.constantFrom('+1', '-1', '1.0', '1e3', '0x10', '1,000', 'NaN', '١', '1-', '--'),
);
const port = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('22', '80', '443', '50051', '50052', '61000', '0') },
  number,
);
const time = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_763_700_000, max: 1_763_700_300 }).map(String) },
  fc.constantFrom('946684799', '946684800', '4102444799', '4102444800', '1763700000000', '0'),
  number,
);
const text = fc.oneof(
  // Alike but not the same: prefixes of each other, and lengths around what the reader recognises.
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'eni-0a1b2c3d4e5f60718',
      'eni-0a1b2c3d4e5f60719',
      'eni-0a1b2c3d4e5f607189',
      'x'.repeat(64),
      'x'.repeat(65),
      'x'.repeat(66),
      `${'x'.repeat(69)}1`,
      `${'x'.repeat(69)}2`,
    ),
  },
  fc.string({ minLength: 1, unit: 'binary' }).map((s) => s.replaceAll(' ', '') || '--'),
  fc.string({ minLength: 60, maxLength: 70, unit: fc.constantFrom('a', 'b') }),
);
const tag = fc.oneof(
  text,
  fc
    .array(fc.constantFrom('%', '%2', '%20', '%C3%A9', '%c3', '%A9', '%2D', '%zz', 'web', 'é', '%F0%9F%8C%8A', '%00'), {
      minLength: 1,
    })
    .map((parts) => parts.join('')),
);

const goodToken = (field: Field | null): fc.Arbitrary<string> => {
  switch (field?.id) {
    case undefined:
      return text;
    case 'srcport':
    case 'dstport':
      return port;
    case 'protocol':
      return fc.oneof({ weight: 5, arbitrary: fc.constantFrom('6', '17', '1', '58') }, number);
    case 'start':
    case 'end':
      return time;
    case 'action':
      return fc.constantFrom('ACCEPT', 'ACCEPT', 'REJECT', 'REJECT', 'accept', 'REJECTED', 'DROP');
    case 'log-status':
      return fc.constantFrom('OK', 'OK', 'OK', 'OK', 'NODATA', 'SKIPDATA', 'ok', 'OKAY', 'O', 'NODATAX', '-');
  }
  if (field?.kind === 'address') return address;
  if (field?.kind === 'tag') return tag;
  return field?.kind === 'string' ? text : number;
};

/** Tokens that are mostly valid: otherwise no line of many fields would ever be. */
const easyToken = (field: Field | null): string => {
  switch (field?.kind) {
    case 'address':
      return '192.0.2.7';
    case 'int32':
    case 'int64':
      return field.id === 'start' || field.id === 'end' ? '1763700007' : '6';
    default:
      return field?.id === 'log-status' ? 'OK' : field?.id === 'action' ? 'REJECT' : 'abc';
  }
};

const anyToken = (field: Field | null): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(easyToken(field)) },
    { weight: 2, arbitrary: fc.constant('-') },
    { weight: 4, arbitrary: goodToken(field) },
    { weight: 1, arbitrary: fc.oneof(text, number, address, tag, time) },
  );

const gap = fc.constantFrom(' ', ' ', ' ', ' ', '  ', '   ');

const lineOf = (format: Format): fc.Arbitrary<Buffer> =>
  fc
    .record({
      tokens: fc.tuple(...format.fields.map(anyToken)),
      gap,
      before: fc.constantFrom('', '', '', ' '),
      after: fc.constantFrom('', '', '', '  '),
      edit: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'none', 'drop', 'add', 'byte'),
      at: fc.nat(10_000),
      byte: fc.nat(255),
    })
    .map(({ tokens, gap, before, after, edit, at, byte }) => {
      if (edit === 'drop') tokens.splice(at % tokens.length, 1);
      if (edit === 'add') tokens.splice(at % tokens.length, 0, '-');
      const line = Buffer.from(before + tokens.join(gap) + after);
      if (edit === 'byte' && line.length > 0) line[at % line.length] = byte;
      return line;
    });

const anyTime: fc.Arbitrary<LineTime> = fc.record({
  eventTime: fc.constantFrom(-1, -1, 1_763_700_123_999, 0, 4_102_444_800_000),
  arrival: fc.constantFrom(-1, 1_763_700_240_500),
  latestStart: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1_763_700_007, 1_763_700_006),
});

const anySettings: fc.Arbitrary<Settings> = fc.record({
  ports: fc.constantFrom('service', 'service', 'all'),
  servicePorts: fc.subarray([22, 443, 50051, 50052, 61000]),
  formats: fc.constant([]),
  format: fc.constant(null),
  logGroup: fc.constant(null),
});

interface Case {
  readonly format: Format;
  readonly line: Buffer;
  readonly time: LineTime;
}
const anyCase: fc.Arbitrary<Case> = anyFormat.chain((format) =>
  fc.record({ format: fc.constant(format), line: lineOf(format), time: anyTime }),
);

const sameAsReference = (reader: LineReader, settings: Settings, c: Case, pool: StringPool, flow: Flow): void => {
  const before = pool.size;
  const got = readWith(reader, c.line, pool, c.time, flow);
  const expected = readLine(reader.format, settings, c.line, c.time);
  expect(got).toMatchObject(expected);
  if (got.outcome === 'REJECT') expect(pool.size).toBe(before);
};

describe('LineReader and its reference agree', () => {
  it('on any line of any format', () => {
    fc.assert(
      fc.property(anyCase, anySettings, (c, settings) => {
        sameAsReference(new LineReader(c.format, settings), settings, c, new StringPool(), new Flow());
      }),
      { numRuns: 3000 },
    );
  });

  it('on many lines in a row, in two formats and two pools, through one Flow', () => {
    const manyLines = fc.tuple(anyFormat, anyFormat).chain(([one, other]) =>
      fc
        .array(
          fc.record({
            first: fc.boolean(),
            pool: fc.constantFrom(0, 0, 0, 0, 0, 1),
            lines: fc.record({ one: lineOf(one), other: lineOf(other) }),
            time: anyTime,
          }),
          { minLength: 2, maxLength: 30 },
        )
        .map((steps) => ({ one, other, steps })),
    );
    fc.assert(
      fc.property(manyLines, anySettings, ({ one, other, steps }, settings) => {
        const readers = [new LineReader(one, settings), new LineReader(other, settings)];
        const pools = [new StringPool(), new StringPool()];
        const flow = new Flow();
        for (const { first, pool, lines, time } of steps) {
          const c = { format: first ? one : other, line: first ? lines.one : lines.other, time };
          sameAsReference(readers[first ? 0 : 1], settings, c, pools[pool], flow);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('on bytes that are no line at all', () => {
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(anyFormat, noise, anySettings, anyTime, (format, line, settings, time) => {
        sameAsReference(
          new LineReader(format, settings),
          settings,
          { format, line, time },
          new StringPool(),
          new Flow(),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('and the generated lines reach every outcome and reason of a line', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(anyCase, anySettings, (c, settings) => {
        const got = readLine(c.format, settings, c.line, c.time);
        met.add(got.outcome === 'REJECT' ? got.reason : got.outcome);
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect([...met].sort()).toEqual(
      [
        'OK',
        'NODATA',
        'SKIPDATA',
        'token_count',
        'no_format',
        'bad_number',
        'bad_address',
        'bad_status',
        'bad_time',
      ].sort(),
    );
  });
});
