// Flow logs as AWS describes them, and the rules that come of them; how those meet the rules of a file.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultFormatOf, discover, type FlowLogFacts, unknownFields } from '../../../pipeline/formats/discovery.ts';
import { chooseFormat } from '../../../pipeline/formats/format-choice.ts';
import { formatsText, parseFormatsDocument } from '../../../pipeline/formats/formats-document.ts';
import { idlePatterns, mergeRules } from '../../../pipeline/formats/merge-rules.ts';
import { DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT } from '../../../schemas/fields.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';

const CUSTOM = '${start} ${srcaddr} ${dstaddr}';

const flowLog = (id: string, logGroup: string | null, format = DEFAULT_FORMAT, more = {}): FlowLogFacts => ({
  ...{ id, region: 'eu-west-1', resource: 'vpc-0a', destination: 'cloud-watch-logs', logGroup },
  ...{ arn: null, format, active: true, failure: null, ...more },
});

describe('discover', () => {
  it('gives a rule for each log group, however many flow logs write the same format there', () => {
    const logs = [
      flowLog('fl-3', '/b', CUSTOM),
      flowLog('fl-2', '/a', `  ${DEFAULT_FORMAT.replaceAll(' ', '  ')}`),
      flowLog('fl-1', '/a'),
    ];
    const found = discover(logs);
    expect(
      found.rules.map(({ logGroup, format, flowLogs }) => [logGroup, format, flowLogs.map(({ id }) => id)]),
    ).toEqual([
      ['/a', DEFAULT_FORMAT, ['fl-1', 'fl-2']],
      ['/b', CUSTOM, ['fl-3']],
    ]);
    expect(discover(logs.toReversed())).toEqual(found);
  });

  it('gives none where formats meet in one log group, and says which flow logs write them', () => {
    const found = discover([
      flowLog('fl-1', '/a'),
      flowLog('fl-2', '/a', CUSTOM),
      flowLog('fl-3', '/a', CUSTOM, { region: 'us-east-1' }),
    ]);
    expect(found.rules).toEqual([]);
    expect(found.conflicts).toMatchObject([
      {
        logGroup: '/a',
        formats: [
          { format: CUSTOM, flowLogs: [{ id: 'fl-2' }, { id: 'fl-3', region: 'us-east-1' }] },
          { format: DEFAULT_FORMAT, flowLogs: [{ id: 'fl-1' }] },
        ],
      },
    ]);
  });

  it('needs no rule where only the two default formats meet: their lines tell themselves apart', () => {
    const found = discover([flowLog('fl-1', '/a'), flowLog('fl-2', '/a', TRANSIT_GATEWAY_FORMAT)]);
    expect(found).toMatchObject({ rules: [], conflicts: [], defaults: ['/a'] });
  });

  it('takes transit gateways with formats of their own like any other', () => {
    const tgw = '${version} ${resource-type} ${tgw-id} ${srcaddr} ${dstaddr} ${start} ${packets-lost-blackhole}';
    const found = discover([flowLog('fl-1', '/tgw', tgw, { resource: 'tgw-0a' })]);
    expect(found.rules).toMatchObject([{ logGroup: '/tgw', format: tgw }]);
    expect(defaultFormatOf('tgw-attach-0a')).toBe(TRANSIT_GATEWAY_FORMAT);
    expect(defaultFormatOf('subnet-0a')).toBe(DEFAULT_FORMAT);
  });

  it('names what has no log group, what is not delivered, and fields that are not known', () => {
    const s3 = { destination: 's3', arn: 'arn:aws:s3:::bucket/prefix' };
    const firehose = { destination: 'kinesis-data-firehose', arn: 'arn:aws:firehose:eu-west-1:1:deliverystream/d' };
    const found = discover([
      flowLog('fl-1', '/a', `${CUSTOM} \${mood} \${weather}`),
      flowLog('fl-2', '/b', `${CUSTOM} \${mood}`, { active: false }),
      flowLog('fl-3', null, CUSTOM, { ...s3, failure: 'Access error' }),
      flowLog('fl-4', null, DEFAULT_FORMAT, firehose),
    ]);
    expect(found.rules.map(({ logGroup }) => logGroup)).toEqual(['/a', '/b']);
    expect(found.s3.map(({ id }) => id)).toEqual(['fl-3']);
    expect(found.firehose.map(({ id }) => id)).toEqual(['fl-4']);
    expect(found.failing.map(({ id }) => id)).toEqual(['fl-2', 'fl-3']);
    expect(unknownFields(found.rules)).toEqual([
      { field: 'mood', logGroups: ['/a', '/b'] },
      { field: 'weather', logGroups: ['/a'] },
    ]);
  });

  it('names the flow log whose format nothing can be read by', () => {
    expect(() => discover([flowLog('fl-1', '/a', '${mood}')])).toThrow(/^fl-1 in eu-west-1: /);
  });
});

describe('idlePatterns', () => {
  it('are those of log groups that match none that there is', () => {
    const rules = ['/a', '/b*', '/c*', 's3://b/*', '*'].map((logGroup) => ({ logGroup, format: DEFAULT_FORMAT }));
    expect(idlePatterns(rules, ['/a', '/c1'])).toEqual(['/b*']);
    expect(idlePatterns(rules, [])).toEqual(['/a', '/b*', '/c*', '*']);
  });
});

describe('mergeRules', () => {
  it('adds, changes, and leaves alone what says the same', () => {
    const existing = [
      { logGroup: '/a', format: 'start srcaddr dstaddr' },
      { logGroup: '/b', format: CUSTOM },
      { logGroup: '/prod/*', format: CUSTOM },
      { logGroup: 's3://bucket/*', format: CUSTOM },
    ];
    const discovered = [
      { logGroup: '/a', format: CUSTOM },
      { logGroup: '/b', format: DEFAULT_FORMAT },
      { logGroup: '/new', format: CUSTOM },
      { logGroup: '/prod/1', format: CUSTOM },
      { logGroup: '/prod/2', format: DEFAULT_FORMAT },
    ];
    const { rules, changes } = mergeRules(existing, discovered);
    expect(rules).toEqual([
      existing[0],
      { logGroup: '/b', format: DEFAULT_FORMAT },
      { logGroup: '/prod/2', format: DEFAULT_FORMAT },
      existing[2],
      existing[3],
      { logGroup: '/new', format: CUSTOM },
    ]);
    expect(changes).toEqual([
      { kind: 'kept', logGroup: '/a', format: CUSTOM },
      { kind: 'changed', logGroup: '/b', format: DEFAULT_FORMAT, before: CUSTOM },
      { kind: 'added', logGroup: '/new', format: CUSTOM },
      { kind: 'covered', logGroup: '/prod/1', format: CUSTOM, by: '/prod/*' },
      { kind: 'added', logGroup: '/prod/2', format: DEFAULT_FORMAT },
    ]);
  });

  it('gives every discovered log group its format, keeps all other rules, and has nothing to do again', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
    const format = fc.constantFrom(CUSTOM, DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT);
    const rulesOf = (names: fc.Arbitrary<string>) =>
      fc.uniqueArray(fc.record({ logGroup: names, format }), { selector: ({ logGroup }) => logGroup, maxLength: 6 });
    const readable = rulesOf(pattern).filter((rules) => {
      try {
        return parseFormatsDocument(formatsText(rules), 'refuse').length >= 0;
      } catch {
        return false;
      }
    });
    fc.assert(
      fc.property(readable, rulesOf(name), (existing, discovered) => {
        const { rules } = mergeRules(existing, discovered);
        const read = parseFormatsDocument(formatsText(rules), 'refuse');
        expect(read.map(({ logGroup }) => logGroup)).toEqual(rules.map(({ logGroup }) => logGroup));
        const settings = { ...DEFAULT_SETTINGS, formats: rules };
        for (const { logGroup, format } of discovered) expect(chooseFormat(settings, logGroup).text).toBe(format);
        const found = new Set(discovered.map(({ logGroup }) => logGroup));
        const others = existing.filter(({ logGroup }) => !found.has(logGroup));
        expect(rules.filter(({ logGroup }) => !found.has(logGroup))).toEqual(others);
        expect(mergeRules(rules, discovered).rules).toEqual(rules);
      }),
    );
  });
});
