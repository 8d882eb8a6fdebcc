// Makes envelopes as no AWS service would write them: any keys, any order, any escapes and white space, for properties.
import fc from 'fast-check';

/** A JSON object as entries in the order in which they are written. */
export interface Entries {
  readonly entries: readonly (readonly [string, Json])[];
}
export type Json = string | number | boolean | null | readonly Json[] | Entries;

const KNOWN = new Set(['messageType', 'owner', 'logGroup', 'logStream', 'logEvents', 'message', 'id', 'timestamp']);

/** Chooses one of n. */
type Choose = (n: number) => number;

const SPACES = ['', '', '', ' ', '\n', '\r\n  ', '\t'];

const writeString = (value: string, choose: Choose): string => {
  let text = '"';
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const isHalf = unit >= 0xd800 && unit <= 0xdfff;
    if (unit < 0x20 || isHalf || choose(12) === 0) {
      const hex = unit.toString(16).padStart(4, '0');
      text += `\\u${choose(2) === 0 ? hex : hex.toUpperCase()}`;
    } else if (value[i] === '"' || value[i] === '\\' || (value[i] === '/' && choose(2) === 0)) text += `\\${value[i]}`;
    else text += value[i];
  }
  return `${text}"`;
};

const isList = (value: readonly Json[] | Entries): value is readonly Json[] => Array.isArray(value);

/** JSON text of a value, in one of its many spellings. */
export const writeJson = (value: Json, choose: Choose): string => {
  const space = (): string => SPACES[choose(SPACES.length)];
  const list = (open: string, parts: readonly string[], close: string): string =>
    `${open}${space()}${parts.join(`${space()},${space()}`)}${space()}${close}`;
  if (typeof value === 'string') return writeString(value, choose);
  if (typeof value === 'object' && value !== null) {
    if (isList(value)) {
      return list(
        '[',
        value.map((item) => writeJson(item, choose)),
        ']',
      );
    }
    const entry = ([key, item]: readonly [string, Json]): string =>
      `${writeString(key, choose)}${space()}:${space()}${writeJson(item, choose)}`;
    return list('{', value.entries.map(entry), '}');
  }
  return JSON.stringify(value);
};

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('\ud800', 'a\udc00\ud800', '😀\ud83d', '"\\"', 'é\n'),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie('json')), { maxLength: 3 }).map((entries) => ({ entries })),
  ),
}));

const shuffled = (entries: fc.Arbitrary<readonly (readonly [string, Json])[]>): fc.Arbitrary<Json> =>
  fc
    .tuple(
      entries,
      fc.array(
        fc.tuple(
          text.filter((key) => !KNOWN.has(key)),
          json,
        ),
        { maxLength: 2 },
      ),
    )
    .chain(([known, unknown]) =>
      fc.shuffledSubarray([...known, ...unknown], { minLength: known.length + unknown.length }),
    )
    .map((all) => ({ entries: all }));

const timestamp: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 41 }),
  fc.integer({ min: 0, max: 2 ** 41 }).map(String),
  fc.constantFrom<Json>(null, -5, 1.5, 1e300, '', 'now', '1e3', [1]),
);
const digits = fc.stringMatching(/^[0-9]{0,58}$/);
const line = fc.oneof(
  text,
  fc.constant('2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1702918083 1702918083 ACCEPT OK'),
);

const event = fc.oneof(
  {
    weight: 8,
    arbitrary: shuffled(
      fc.tuple(
        fc.tuple(fc.constant('id'), digits),
        fc.tuple(fc.constant('timestamp'), timestamp),
        fc.tuple(fc.constant('message'), line),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: shuffled(
      fc.tuple(fc.tuple(fc.constant('id'), fc.oneof(text, json)), fc.tuple(fc.constant('message'), json)),
    ),
  },
  { weight: 1, arbitrary: json },
);
/** As CloudWatch Logs writes them: the order and the plain text matter to the fast reader. */
const usualEvent: fc.Arbitrary<Json> = fc
  .tuple(digits, fc.integer({ min: 0, max: 2 ** 41 }), line)
  .map(([id, time, message]) => ({
    entries: [
      ['id', id],
      ['timestamp', time],
      ['message', message],
    ],
  }));

const header = fc.tuple(
  fc.tuple(
    fc.constant('messageType'),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant('DATA_MESSAGE') },
      { weight: 1, arbitrary: fc.constant('CONTROL_MESSAGE') },
      { weight: 1, arbitrary: json },
    ),
  ),
  fc.tuple(fc.constant('owner'), fc.oneof(fc.constant('123456789010'), json)),
  fc.tuple(fc.constant('logGroup'), fc.oneof(fc.constant('vpc-flow-logs'), text)),
  fc.tuple(fc.constant('logStream'), fc.oneof(fc.constant('eni-1-all'), text)),
);
const events = fc.oneof(fc.array(event, { maxLength: 5 }), fc.array(usualEvent, { maxLength: 8 }));

const anyOrder: fc.Arbitrary<Json> = shuffled(
  fc
    .tuple(header, events)
    .map(([known, logEvents]): (readonly [string, Json])[] => [...known, ['logEvents', logEvents]]),
);
const usualOrder: fc.Arbitrary<Json> = fc
  .tuple(header, events)
  .map(([known, logEvents]) => ({ entries: [...known, ['subscriptionFilters', ['f']], ['logEvents', logEvents]] }));
const message: fc.Arbitrary<Json> = shuffled(fc.tuple(fc.tuple(fc.constant('message'), line)));
const other: fc.Arbitrary<Json> = shuffled(fc.constant([]));

/** The text of some objects, written without white space or with any. */
export const objectStream: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: usualOrder }, { weight: 3, arbitrary: anyOrder }, message, other), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.oneof(fc.constant(null), fc.array(fc.nat(), { minLength: 1, maxLength: 50 })),
  )
  .map(([objects, choices]) => {
    let next = 0;
    // Choosing nothing gives the tightest spelling: no spaces, and only the escapes that must be.
    const choose = (n: number): number =>
      choices === null ? (n === 12 ? 1 : 0) : choices[next++ % choices.length] % n;
    return objects
      .map((object) => writeJson(object, choose))
      .join(choices === null ? '' : SPACES[choose(SPACES.length)]);
  });

/** The lengths of chunks, used in turn. */
export const chunkSizes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 400 }), {
  minLength: 1,
  maxLength: 8,
});

/** The same bytes cut into chunks of these lengths. */
export const cutUp = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]) {
    chunks.push(Buffer.from(bytes.subarray(at, at + sizes[i % sizes.length]))); // copies, so that no view reaches across
  }
  return chunks;
};
