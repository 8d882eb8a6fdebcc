// Records of the events stream: golden cases, every sample that was collected, and whatever else bytes may be.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_EVENT_BYTES, readMirrorEvent } from '../../../pipeline/mirror-events/event.ts';
import { IGNORED_EVENTS, type MirrorEvent } from '../../../schemas/mirroring/events.ts';
import { expectGolden, goldenCases } from '../../golden-files.ts';
import { requirement } from '../../requirements.ts';

const ARRIVAL = Date.UTC(2026, 10, 20, 14, 6);
const SAMPLES = join(import.meta.dirname, '../../../../shared/samples/guardduty');

const read = (text: string): MirrorEvent => readMirrorEvent(Buffer.from(text), ARRIVAL);
const detailOf = (event: MirrorEvent): string => (event.kind === 'ignored' ? event.detail : event.kind);

describe('golden events', () => {
  for (const { name, input } of goldenCases('mirror-events')) {
    test(name, () => expectGolden('mirror-events', `${name}.out`, `${JSON.stringify(read(input), null, 1)}\n`));
  }
});

const samplesThere = requirement('../shared/samples', existsSync(SAMPLES), 'reads the collected GuardDuty samples');

describe.skipIf(!samplesThere)('collected samples', () => {
  const file = (name: string): string => readFileSync(join(SAMPLES, name), 'utf8');

  test.each([
    ['cloud-custodian/ec2-duty-event.json', 'sample'],
    ['cloud-custodian/iam-duty-event.json', 'sample'],
    ['ec2-state-change/aws-docs-instance-state-change.json', 'state'],
    ['ec2-state-change/cloud-custodian-event-instance-state.json', 'state'],
    ['ec2-state-change/powertools-python-eventBridgeEvent.json', 'malformed'], // `instance_id`
    ['ec2-state-change/powertools-typescript-base.json', 'malformed'],
    ['aws-docs/eventbridge-envelope.json.txt', 'malformed'], // a placeholder stands for the finding
  ])('%s is %s', (name, reason) => {
    expect(read(file(name))).toMatchObject({ kind: 'ignored', reason });
  });

  test('are all named here', () => {
    const all = readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' });
    expect(all.filter((name) => /\.json(\.txt)?$/.test(name))).toHaveLength(7);
  });

  test('name the instance once they are no longer marked as samples', () => {
    const real = file('cloud-custodian/ec2-duty-event.json').replace('"sample": true', '"sample": false');
    expect(read(real)).toMatchObject({
      ...{ kind: 'finding', at: 0, finding: { account: '883606788610', instances: ['i-99999999'], interfaces: [] } },
    });
  });

  test('mean the instance that a state event names in EventBridge’s way', () => {
    const right = file('ec2-state-change/powertools-typescript-base.json').replace('instance_id', 'instance-id');
    expect(read(right)).toMatchObject({ kind: 'state', instance: 'i-1234567890abcdef0', state: 'terminated' });
  });
});

describe('bytes that are no event', () => {
  test('say what they are', () => {
    const sentence = (data: Uint8Array): string => detailOf(readMirrorEvent(data, ARRIVAL));
    expect(sentence(gzipSync('{}'))).toBe('the record is compressed with gzip: events are not, flow logs are');
    expect(sentence(Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('the record is not UTF-8');
    expect(sentence(new Uint8Array(10 * 2 ** 20))).toBe(
      `the record has 10485760 bytes; an event has at most ${MAX_EVENT_BYTES}`,
    );
  });

  test.each([
    ['lists', '['.repeat(MAX_EVENT_BYTES)],
    ['objects', '{"a":'.repeat(MAX_EVENT_BYTES / 8)],
    [
      'a detail',
      `{"detail-type":"GuardDuty Finding","source":"aws.guardduty","detail":${'['.repeat(2 ** 18)}${']'.repeat(2 ** 18)}}`,
    ],
  ])('may be nested deeply: %s', (_, text) => {
    expect(read(text)).toMatchObject({ kind: 'ignored', reason: 'malformed' });
  });

  test('never throw, and are malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        expect(readMirrorEvent(data, ARRIVAL)).toMatchObject({ kind: 'ignored', reason: 'malformed', at: ARRIVAL });
      }),
    );
  });
});

/** Names of members, those of an event among them, so that any JSON comes near to one. */
const NAMES = [
  ...['resource', 'service', 'instanceDetails', 'instanceId', 'networkInterfaces', 'networkInterfaceId', 'action'],
  ...['networkConnectionAction', 'portProbeAction', 'portProbeDetails', 'remoteIpDetails', 'ipAddressV4', 'archived'],
  ...['detection', 'sequence', 'resources', 'data', 'ec2Instance', 'endpoints', 'uid', 'id', 'severity', 'updatedAt'],
  ...['additionalInfo', 'sample', 'value', '__proto__', 'constructor', 'accountId', 'region', 'title', 'type'],
];
const anyJson = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(null, true, 5, 1e308, '', '{"sample":true}', 'i-0a', 'eni-0a', '10.0.0.1', '2026-11-20T14:05:29Z'),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.constantFrom(...NAMES), tie('value')), { maxLength: 6 })
      .map((members) => Object.fromEntries(members)),
  ),
})).value;

/** Takes members of a good event away, or puts others in their place, anywhere in it. */
function* places(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield [...path, name];
    yield* places(member, [...path, name]);
  }
}

const withAt = (value: unknown, [name, ...rest]: readonly (string | number)[], put: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => {
    if (key !== String(name)) return [key, member] as const;
    return [key, rest.length === 0 ? put : withAt(member, rest, put)] as const;
  });
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
};

describe('any JSON', () => {
  const goods = ['action-network-connection-ipv6', 'action-port-probe', 'attack-sequence-ec2', 'state-running'].map(
    (name): unknown => JSON.parse(goldenCases('mirror-events').find((one) => one.name === name)?.input ?? ''),
  );

  const check = (value: unknown): void => {
    const event = read(JSON.stringify(value));
    expect(event.at).toBeLessThanOrEqual(ARRIVAL);
    if (event.kind === 'ignored') {
      expect(Object.keys(IGNORED_EVENTS)).toContain(event.reason);
      expect(event.detail).toMatch(/^[^\p{Cc}]+$/u);
      expect(event.detail.isWellFormed()).toBe(true);
      expect(event.detail.length).toBeLessThan(2000);
    }
    if (event.kind !== 'finding') return;
    const { finding } = event;
    expect(finding.severity).toBeGreaterThanOrEqual(0);
    expect(finding.severity).toBeLessThanOrEqual(10);
    expect(Number.isSafeInteger(finding.updatedAt)).toBe(true);
    for (const id of finding.instances) expect(id).toMatch(/^i-[0-9a-z-]+$/i);
    for (const id of [...finding.interfaces.map((one) => one.id), ...finding.localInterfaces]) {
      expect(id).toMatch(/^eni-[0-9a-z-]+$/i);
    }
  };

  test('is an event or says why not, alone and as the detail of a finding', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        check(value);
        check({ ...Object(goods[0]), detail: value });
      }),
      { numRuns: 300 },
    );
  });

  test('in the place of any member of a good event gives an event or says why not', () => {
    const anyPlace = fc.constantFrom(...goods.flatMap((good) => [...places(good)].map((path) => ({ good, path }))));
    fc.assert(
      fc.property(anyPlace, fc.option(anyJson), ({ good, path }, put) => check(withAt(good, path, put))),
      { numRuns: 500 },
    );
  });

  test('of a finding names the member of the wrong type', () => {
    const [good] = goods;
    const wrong = (path: readonly string[]): string => detailOf(read(JSON.stringify(withAt(good, path, [[]]))));
    const action = ['detail', 'service', 'action', 'networkConnectionAction'];
    expect(wrong([...action, 'localNetworkInterface'])).toContain(
      `${action.join('.')}.localNetworkInterface is a list`,
    );
    expect(wrong(['detail', 'updatedAt'])).toContain('detail.updatedAt is a list, not a text');
    expect(wrong(['detail', 'resource', 'instanceDetails', 'networkInterfaces'])).toContain(
      'detail.resource.instanceDetails.networkInterfaces[0] is a list, not an object',
    );
  });
});

test('a finding that names more than can be followed is cut, and says so', () => {
  const [{ input }] = goldenCases('mirror-events').filter(({ name }) => name === 'instance-id-only');
  const event = JSON.parse(input);
  const networkInterfaces = Array.from({ length: 1500 }, (_, i) => ({ networkInterfaceId: `eni-${i}` }));
  event.detail.resource.instanceDetails.networkInterfaces = networkInterfaces;
  const many = read(JSON.stringify(event));
  expect(many).toMatchObject({
    kind: 'finding',
    notes: ['it names more than 1000 interfaces: those after them are not used'],
  });
  expect(many.kind === 'finding' && many.finding.interfaces.length).toBe(1000);
});
