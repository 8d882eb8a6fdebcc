// The text of a formats file: its rules in their order, and what makes it one that nobody should start with.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRuleMatches } from '../../../pipeline/formats/format-choice.ts';
import { formatsText, parseFormatsDocument, takesAllOf } from '../../../pipeline/formats/formats-document.ts';
import { VpcflowError } from '../../../schemas/errors.ts';

const refusal = (text: string): VpcflowError => {
  try {
    parseFormatsDocument(text, 'refuse');
  } catch (error) {
    if (error instanceof VpcflowError) return error;
  }
  throw new Error(`${text} was taken`);
};

describe('takesAllOf', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
  const filling = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3 }), {
    minLength: 6,
    maxLength: 6,
  });

  it('is true only where each name of the later pattern is one of the earlier', () => {
    fc.assert(
      fc.property(pattern, pattern, filling, (earlier, later, words) => {
        fc.pre(takesAllOf(earlier, later));
        let at = 0;
        const name = later.replaceAll('*', () => words[at++] ?? '');
        expect(formatRuleMatches(later, name)).toBe(true);
        expect(formatRuleMatches(earlier, name)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is false only where a name of the later pattern is none of the earlier', () => {
    fc.assert(
      fc.property(pattern, pattern, (earlier, later) => {
        fc.pre(!takesAllOf(earlier, later));
        // A character that is in no pattern stands where only a star can take it.
        expect(formatRuleMatches(earlier, later.replaceAll('*', 'z'))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps log groups and objects apart', () => {
    expect(takesAllOf('*', '/vpc/a')).toBe(true);
    expect(takesAllOf('*', 's3://bucket/a')).toBe(false);
    expect(takesAllOf('s3://bucket/*', 's3://bucket/prefix/*')).toBe(true);
  });
});

describe('parseFormatsDocument', () => {
  it('reads back what formatsText wrote, in the same order', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !text.includes('*'));
    const names = fc.uniqueArray(fc.oneof(name, fc.constantFrom('7', '__proto__', 'a\n"b\\', '2')), { maxLength: 6 });
    fc.assert(
      fc.property(names, (patterns) => {
        const rules = patterns.map((logGroup) => ({ logGroup, format: '${start} ${srcaddr}' }));
        const read = parseFormatsDocument(formatsText(rules), 'refuse');
        expect(read.map(({ logGroup, format }) => ({ logGroup, format }))).toEqual(rules);
        expect(read.map(({ line }) => line)).toEqual(rules.map((_, i) => i + 2));
      }),
    );
  });

  it('takes patterns of objects beside those of log groups', () => {
    const rules = parseFormatsDocument('{"*": "${start}", "s3://bucket/firehose/*": "${end}"}', 'refuse');
    expect(rules.map(({ parsed }) => parsed.text)).toEqual(['${start}', '${end}']);
  });

  it.each([
    ['{', 'it is no JSON', 'write it as'],
    ['["${start}"]', 'no JSON object', 'write it as'],
    ['{"a": 1}', 'the value of "a" is no LogFormat string', 'write it as'],
    ['{"a": {"b": "${start}"}}', 'the value of "a" is no LogFormat string', 'write it as'],
    ['{"": "${start}"}', 'line 1: a pattern is empty', '* for all'],
    ['{"a": ""}', 'line 1: the rule "a": the format is empty', 'LogFormat'],
    ['{\n"a": "${start}",\n\n"\\u0061": "${end}"}', 'the pattern "a" is on line 2 and again on line 4', 'remove one'],
    [
      '{\n"/vpc/*": "${start}",\n"/vpc/prod*": "${end}"\n}',
      'line 3: the rule "/vpc/prod*" is never reached, because "/vpc/*" on line 2 takes all that it matches',
      'move "/vpc/prod*" above "/vpc/*", or remove it',
    ],
    ['{"a": "${strat}"}', 'line 1: the rule "a": the format has no known field', "the nearest field is '${start}'"],
    ['{"a": "${start} ${En-d}"}', 'line 1: the rule "a": the format has the token \'${En-d}\'', "'${end}'"],
  ])('refuses %j', (text, message, help) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: 'VF_BAD_FORMAT' });
    expect(error.message).toContain(message);
    expect(error.help).toContain(help);
  });
});
