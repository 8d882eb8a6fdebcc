// Shows that what a child tells its worker crosses the link whole, whatever it contains, and that anything else is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LinkMessage, linkLine, parseLinkLine } from '../../../../consumers/shared/kcl/link-messages.ts';
import { ERRORS, type ErrorCode } from '../../../../schemas/errors.ts';
import { LABEL_NAMES, METRICS, type MetricKey } from '../../../../schemas/metrics.ts';

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a\nb', 'a\u2028b\u2029c', '\u0000', '"\\'));
// The keys of a record are its own type, which Object.keys forgets.
const metric = fc.constantFrom(...(Object.keys(METRICS) as MetricKey[]));
const code = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]));
const labels = fc.dictionary(fc.constantFrom(...LABEL_NAMES), text, { noNullPrototype: true });
const value = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x)); // JSON has no -0

/** The name of a field; `__proto__` is none, and does not cross. */
const field = fc.string().filter((name) => name !== '__proto__');

const messages: fc.Arbitrary<LinkMessage> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), pid: fc.nat() }),
  fc.record({ type: fc.constant('shard' as const), shard: text }),
  fc.record({
    ...{ type: fc.constant('log' as const), message: text },
    level: fc.constantFrom('debug' as const, 'info' as const, 'warn' as const, 'error' as const),
    fields: fc.dictionary(field, fc.oneof(text, fc.nat(), fc.boolean()), { noNullPrototype: true }),
  }),
  fc.record({
    type: fc.constant('metrics' as const),
    updates: fc.array(fc.record({ metric, value, labels }, { noNullPrototype: true })),
  }),
  fc.record({ type: fc.constant('forget' as const), shard: text }),
  fc.record({ type: fc.constant('failed' as const), code, message: text, help: text }),
  fc.record({
    type: fc.constant('end' as const),
    reason: fc.constantFrom(
      'lease-lost' as const,
      'shard-ended' as const,
      'shutdown' as const,
      'input-closed' as const,
    ),
  }),
);

describe('a message of the link', () => {
  test('is one line, and is the same when it has crossed', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const line = linkLine(message);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(parseLinkLine(line.slice(0, -1))).toEqual(message);
      }),
    );
  });

  test.each([
    ...['', 'null', '[]', '{"type":"hello"}', '{"type":"hello","pid":"1"}', '{"type":"of tomorrow"}', '{"type":"hel'],
    '{"type":"failed","code":"VF_UNHEARD_OF","message":"","help":""}',
    '{"type":"failed","code":"toString","message":"","help":""}',
    '{"type":"metrics","updates":[{"metric":"records","value":null,"labels":{}}]}',
    '{"type":"metrics","updates":[{"metric":"constructor","value":1,"labels":{}}]}',
    '{"type":"metrics","updates":[{"metric":"records","value":1,"labels":{"host":"a"}}]}',
    '{"type":"end","reason":"boredom"}',
  ])('is nothing else: %s', (line) => {
    expect(parseLinkLine(line)).toBe(null);
  });
});
