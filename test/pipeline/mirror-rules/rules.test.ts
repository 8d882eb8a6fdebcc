// Rule files: golden cases of rules and of problems with their places, and whatever else a text may be.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type RulesReading, type RulesSource, readRules } from '../../../pipeline/mirror-rules/rules.ts';
import { MIRROR_MODES, type MirrorRule, type MirrorRules, SCOPES } from '../../../schemas/mirroring/rules.ts';
import { expectGolden, goldenCases } from '../../golden-files.ts';

const SOURCE: RulesSource = { file: 'rules.yaml', region: 'us-west-2', mode: null, enable: null };

/** What stands in the first line of a case: `# options: {"mode": "plan"}`. */
const sourceOf = (text: string): RulesSource => {
  const options = /^# options: (.*)/.exec(text)?.[1];
  return { ...SOURCE, ...(options === undefined ? {} : JSON.parse(options)) };
};

/** Warnings and problems a line each, the rules as JSON. */
const print = (reading: RulesReading): string => {
  const warnings = reading.warnings.map(({ line, column, message }) => `warning ${line}:${column}: ${message}\n`);
  if ('problems' in reading) {
    const problems = reading.problems.map(({ line, column, message }) => `${line}:${column}: ${message}\n`);
    return [...warnings, ...problems].join('');
  }
  const { rules } = reading;
  return `${warnings.join('')}${JSON.stringify({ ...rules, regions: Object.fromEntries(rules.regions) }, null, 1)}\n`;
};

describe('golden rule files', () => {
  for (const { name, input } of goldenCases('mirror-rules')) {
    test(name, () => expectGolden('mirror-rules', `${name}.out`, print(readRules(input, sourceOf(input)))));
  }
});

/** Places are in the file, and every problem is a sentence on one line; how many there are. */
const check = (text: string): number => {
  const reading = readRules(text, SOURCE);
  const lines = text.split('\n').length;
  const said = [...reading.warnings, ...('problems' in reading ? reading.problems : [])];
  if ('problems' in reading) expect(reading.problems.length).toBeGreaterThan(0);
  for (const { line, column, message } of said) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines + 1);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message).toMatch(/^[^\n]+$/);
    expect(message.length).toBeLessThan(1000);
  }
  return 'problems' in reading ? reading.problems.length : 0;
};

test('of a file with very many problems, the first thousand, and last that there are more', () => {
  const reading = readRules(`mode: apply\nvpcs:\n${'- {no: 1}\n'.repeat(1200)}`, SOURCE);
  const problems = 'problems' in reading ? reading.problems : [];
  expect(problems).toHaveLength(1001);
  expect(problems[0].line).toBeLessThan(5);
  const [before, last] = problems.slice(-2);
  expect(last).toEqual({ ...before, message: 'and more problems' });
});

describe('any text', () => {
  const words = [
    ...[
      'mode: plan',
      'tags:',
      'vpcs:',
      '- ',
      '  ',
      '\n',
      ': ',
      '&a ',
      '*a',
      '<<: *a',
      '!x',
      '! ',
      '!!binary ',
      '? ',
      '|',
      '>',
    ],
    ...['---\n', '...\n', '%YAML 1.1\n', '[', ']', '{', '}', ',', '"', "'", '#', '\t', '\r\n', '~', '.inf', 'ttl: 1h'],
    ...[
      'vpcId: vpc-0b1',
      'filterId: tmf-0b1',
      'targetId: tmt-0b1',
      'regions:',
      'us-east-1:',
      'tagList:',
      'Key: a',
      '\0',
    ],
  ];

  test('gives rules or problems', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (parts) => void check(parts.join(''))),
    );
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void check(text)));
  });

  test('that is data gives rules or problems', () => {
    const keys = fc.constantFrom(
      ...['mode', 'tags', 'vpcs', 'regions', 'us-east-1', 'tagList', 'findings', 'types', '<<'],
    );
    const data = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.string(), fc.constantFrom('plan', 'vpc-0b1')),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(fc.property(data, (value) => void check(stringify(value))));
  });

  test.each([
    ['lists', '['.repeat(20_000)],
    ['maps', '{a: '.repeat(10_000)],
    ['keys', '? '.repeat(10_000)],
    ['more than a file may have', ' '.repeat(300_000)],
    ['unknown keys', Array.from({ length: 3000 }, (_, i) => `k${i}: 1`).join('\n')],
  ])('may be hostile: %s', (_, text) => {
    expect(check(text)).toBeLessThanOrEqual(1001);
  });
});

const id = (prefix: string) => fc.stringMatching(/^[0-9a-z]{8,17}$/).map((end) => `${prefix}-${end}`);
const tagText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !/^<.*>$/.test(text));
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value);
const someOf = <T>(value: fc.Arbitrary<T>) => fc.uniqueArray(value, { minLength: 1, maxLength: 3 });

const anyMatch = fc.oneof(
  fc.record({
    by: fc.constant('tags' as const),
    tags: fc.uniqueArray(fc.record({ key: tagText, value: orNull(fc.oneof(tagText, fc.constant(''))) }), {
      ...{ minLength: 1, maxLength: 3, selector: ({ key }: { key: string }) => key },
    }),
  }),
  fc.record({ by: fc.constant('subnet' as const), subnet: id('subnet') }),
  fc.record({ by: fc.constant('vpc' as const), vpc: id('vpc') }),
);

const anyTarget = fc.oneof(
  fc.record({ by: fc.constant('id' as const), ids: someOf(id('tmt')) }),
  fc.record({
    by: fc.constant('launch' as const),
    instanceType: fc.constantFrom('c5.xlarge', 'm7i-flex.large', 'u-6tb1.metal'),
    image: id('ami'),
    securityGroups: someOf(id('sg')),
    subnet: orNull(id('subnet')),
  }),
);

const anyRule: fc.Arbitrary<Omit<MirrorRule, 'line' | 'name'> & { readonly name: string | null }> = fc.record({
  name: orNull(tagText),
  match: anyMatch,
  filter: id('tmf'),
  target: anyTarget,
  scope: fc.constantFrom(...SCOPES),
  ttl: fc.integer({ min: 60, max: 30 * 86_400 }),
  maxSessions: orNull(fc.integer({ min: 1, max: 10_000 })),
  packetLength: orNull(fc.integer({ min: 1, max: 8500 })),
  virtualNetworkId: orNull(fc.integer({ min: 0, max: 2 ** 24 - 1 })),
});

const ORDER = { tags: 0, subnet: 1, vpc: 2 } as const;
const LIST = { tags: 'tags', subnet: 'subnets', vpc: 'vpcs' } as const;
const bare = { findings: true, launches: false, existing: false };

/** As the reader orders and names them; those that would clash by their match or name are left out. */
const inFileOrder = (rules: readonly (Omit<MirrorRule, 'line' | 'name'> & { readonly name: string | null })[]) => {
  const seen = new Set<string>();
  const distinct = rules.filter(({ match, name }) => {
    const tags = match.by === 'tags' ? match.tags.map((tag) => JSON.stringify(tag)).sort() : match;
    const keys = [JSON.stringify(tags), ...(name === null ? [] : [`name ${name}`])];
    const clash = keys.some((key) => seen.has(key)) || /^(tags|subnets|vpcs)\[/.test(name ?? '');
    for (const key of keys) seen.add(key);
    return !clash;
  });
  const counts = { tags: 0, subnet: 0, vpc: 0 };
  return distinct
    .toSorted((a, b) => ORDER[a.match.by] - ORDER[b.match.by])
    .map((rule) => {
      const place = counts[rule.match.by]++;
      return { ...rule, given: rule.name, name: rule.name ?? `${LIST[rule.match.by]}[${place}]` };
    });
};

type Written = ReturnType<typeof inFileOrder>[number];

const ruleData = ({ given, match, filter, target, ttl, ...settings }: Written): Record<string, unknown> => ({
  ...(match.by === 'tags' ? { tagList: match.tags.map(({ key, value }) => ({ Key: key, Value: value })) } : {}),
  ...(match.by === 'subnet' ? { subnetId: match.subnet } : {}),
  ...(match.by === 'vpc' ? { vpcId: match.vpc } : {}),
  ...(target.by === 'id' ? { targetIds: target.ids } : {}),
  ...(target.by === 'launch'
    ? {
        ...{ targetInstanceType: target.instanceType, targetInstanceAmi: target.image },
        ...{ targetSecurityGroupIds: target.securityGroups, targetSubnetId: target.subnet },
      }
    : {}),
  ...settings,
  ...{ name: given, filterId: filter, ttl: `${ttl}s` },
});

const listsOf = (rules: readonly Written[]): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(LIST).map(([by, list]) => [list, rules.filter(({ match }) => match.by === by).map(ruleData)]),
  );

const anySettings = fc.record({
  mode: fc.constantFrom(...MIRROR_MODES),
  enable: fc.oneof(
    fc.constant(bare),
    fc.record({ existing: fc.boolean(), launches: fc.boolean(), findings: fc.boolean() }),
  ),
  findings: fc.record({
    allow: fc.uniqueArray(fc.constantFrom('Recon:*', '*', 'Backdoor:EC2/C&CActivity.B!DNS')),
    deny: fc.uniqueArray(fc.constantFrom('Policy:*', '*:IAMUser/*')),
    minSeverity: fc.integer({ min: 10, max: 100 }).map((tenths) => tenths / 10),
  }),
  maxSessions: orNull(fc.integer({ min: 1, max: 10_000 })),
  neighbours: fc.integer({ min: 0, max: 20 }),
  guard: fc.record({
    maxCostPerHour: orNull(fc.integer({ min: 1, max: 100 })),
    sessionPrice: fc.constantFrom(0, 0.015, 1),
    maxMbps: orNull(fc.integer({ min: 1, max: 10_000 })),
  }),
  denyFamilies: fc.uniqueArray(fc.constantFrom('t2', 'm7i-flex', 'u-6tb1')),
});

test('rules that are written as YAML read back equal', () => {
  const anyRegion = fc.array(anyRule, { minLength: 1, maxLength: 5 }).map(inFileOrder);
  fc.assert(
    fc.property(anySettings, anyRegion, anyRegion, fc.boolean(), fc.boolean(), (settings, one, two, list, several) => {
      fc.pre(one.length > 0 && two.length > 0);
      const { allow, deny, minSeverity } = settings.findings;
      const types = list ? [...deny.map((type) => `!${type}`), ...allow] : { allow, deny };
      const places = several ? { regions: { 'us-east-1': listsOf(one), 'eu-west-3': listsOf(two) } } : listsOf(one);
      const text = stringify({ ...settings, findings: { types, minSeverity }, ...places });
      const reading = readRules(text, SOURCE);
      const wanted = (rules: readonly Written[]) =>
        rules.map(({ given: _, ...rule }) => ({ ...rule, line: expect.any(Number) }));
      const regions: [string, unknown][] = several
        ? [
            ['us-east-1', wanted(one)],
            ['eu-west-3', wanted(two)],
          ]
        : [['us-west-2', wanted(one)]];
      expect(reading).toEqual({
        rules: { ...settings, regions: new Map(regions) },
        warnings: expect.any(Array),
      });
    }),
    { numRuns: 60 },
  );
});

test('a rule knows its line, also where an alias stands for it', () => {
  const text =
    'mode: plan\nregions:\n  us-east-1:\n    vpcs:\n    - &a\n      vpcId: vpc-0b1\n      filterId: tmf-0b1\n      targetId: tmt-0b1\n  us-east-2:\n    vpcs: [*a]\n';
  const reading = readRules(text, SOURCE);
  const regions: MirrorRules['regions'] = 'rules' in reading ? reading.rules.regions : new Map();
  expect([...regions.values()].map(([{ line }]) => line)).toEqual([6, 10]);
});
