// Which format the lines of a log group have.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFormat } from '../../../pipeline/formats/format.ts';
import {
  chooseFormat,
  formatRuleMatches,
  settingsOfObject,
  TRANSIT_GATEWAY,
  UNDECLARED_FORMAT,
  undeclaredFormat,
} from '../../../pipeline/formats/format-choice.ts';
import { DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT } from '../../../schemas/fields.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';

describe('formatRuleMatches', () => {
  it.each([
    ['/vpc/flow', '/vpc/flow', true],
    ['/vpc/flow', '/vpc/flows', false],
    ['/vpc/*', '/vpc/', true],
    ['/vpc/*', '/vpc/a/b', true],
    ['*-tgw', 'prod-tgw', true],
    ['*-tgw', 'prod-tgw-2', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['**', 'anything', true],
  ])('%s on %s: %s', (pattern, logGroup, matches) => {
    expect(formatRuleMatches(pattern, logGroup)).toBe(matches);
  });

  it('is what the same pattern means as a regular expression', () => {
    const word = fc.array(fc.constantFrom('a', 'b', '*', '/'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(word, word, (pattern, name) => {
        const group = name.replaceAll('*', '.');
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
        expect(formatRuleMatches(pattern, group)).toBe(expression.test(group));
      }),
      { numRuns: 2000 },
    );
  });

  it('tries no combination of stars twice', () => {
    expect(formatRuleMatches('*a'.repeat(2000), 'a'.repeat(1999))).toBe(false);
  });
});

describe('chooseFormat', () => {
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    formats: [
      { logGroup: '/vpc/prod*', format: '${start} ${srcaddr}' },
      { logGroup: '/vpc/*', format: '${start} ${dstaddr}' },
    ],
    format: '${end} ${action}',
  };

  it('takes the first rule that matches, then the format of the settings, then the default', () => {
    expect(chooseFormat(settings, '/vpc/prod-1').text).toBe('${start} ${srcaddr}');
    expect(chooseFormat(settings, '/vpc/test').text).toBe('${start} ${dstaddr}');
    expect(chooseFormat(settings, 'elsewhere').text).toBe('${end} ${action}');
    expect(chooseFormat(settings, null).text).toBe('${end} ${action}');
    expect(chooseFormat({ ...settings, format: null }, 'elsewhere')).toBe(UNDECLARED_FORMAT);
    expect(chooseFormat(DEFAULT_SETTINGS, null)).toBe(UNDECLARED_FORMAT);
  });

  it('takes lines without a log group for those of the group that the settings name', () => {
    const named: Settings = { ...settings, logGroup: '/vpc/test' };
    expect(chooseFormat(named, null).text).toBe('${start} ${dstaddr}');
    expect(chooseFormat(named, 'elsewhere').text).toBe('${end} ${action}');
    expect(chooseFormat({ ...named, logGroup: 'elsewhere' }, null).text).toBe('${end} ${action}');
  });

  it('parses a rule once', () => {
    expect(chooseFormat(settings, '/vpc/test')).toBe(chooseFormat(settings, '/vpc/other'));
  });

  it('tells a declared default from an undeclared one', () => {
    const declared = chooseFormat({ ...DEFAULT_SETTINGS, format: DEFAULT_FORMAT }, null);
    expect(declared).toEqual(UNDECLARED_FORMAT);
    expect(declared).not.toBe(UNDECLARED_FORMAT);
  });

  it('refuses settings with a bad rule even when no group matches it', () => {
    const bad: Settings = { ...DEFAULT_SETTINGS, formats: [{ logGroup: 'never', format: 'nonsense' }] };
    expect(() => chooseFormat(bad, null)).toThrow(expect.objectContaining({ code: 'VF_BAD_FORMAT' }));
  });
});

describe('undeclaredFormat', () => {
  const of = (line: string) => undeclaredFormat(Buffer.from(`x${line}x`), 1, 1 + Buffer.byteLength(line));

  it('is that of a transit gateway for lines that begin like one', () => {
    expect(of('6 TransitGateway 123456789012')).toBe(TRANSIT_GATEWAY);
    expect(TRANSIT_GATEWAY).toEqual(parseFormat(TRANSIT_GATEWAY_FORMAT));
  });

  it('is the default for all others', () => {
    for (const line of [
      '',
      '6',
      '6 TransitGatewa',
      '6 TransitGateways',
      '6  TransitGateway x',
      '2 1234 eni-0a1b2c3d -',
    ]) {
      expect(of(line)).toBe(UNDECLARED_FORMAT);
    }
  });
});

describe('settingsOfObject', () => {
  const [edge, all] = ['${start} ${bytes}', '${bytes} ${start}'];
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    format: DEFAULT_FORMAT,
    formats: [
      { logGroup: '*', format: '${packets}' },
      { logGroup: 's3://logs/edge/*', format: edge },
      { logGroup: 's3://logs/*', format: all },
    ],
  };

  it('has the format of the first rule for objects that matches the name, before that of --format', () => {
    expect(settingsOfObject(settings, 's3://logs/edge/1.gz')).toEqual({ ...settings, format: edge });
    expect(settingsOfObject(settings, 's3://logs/other/1.gz')).toEqual({ ...settings, format: all });
  });

  it('is the settings for files, and where no rule for objects matches', () => {
    for (const name of ['/data/logs', 's3:/logs/edge/x', 's3://other/edge/1.gz']) {
      expect(settingsOfObject(settings, name)).toBe(settings);
    }
  });

  it('is the same object for the same rule, so that its formats are parsed once', () => {
    const [one, two] = ['1', '2'].map((key) => settingsOfObject(settings, `s3://logs/edge/${key}`));
    expect(one).toBe(two);
  });
});
