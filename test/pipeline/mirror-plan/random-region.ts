// Random regions, rule files and requests that speak of the same few instances, for properties of plans.
import fc from 'fast-check';
import type {
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
} from '../../../schemas/mirroring/account.ts';
import type { InstanceState } from '../../../schemas/mirroring/events.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRule, MirrorRules } from '../../../schemas/mirroring/rules.ts';
import { ACCOUNT, REGION, type Region, zoneOf } from './model-account.ts';

export const NOW = Date.parse('2026-11-22T02:15:00.250Z');
const MINUTE = 60_000;

const INSTANCES = 5;
const SUBNETS = ['subnet-a', 'subnet-b'] as const;
const TARGETS = ['tmt-1', 'tmt-2', 'tmt-3', 'tmt-none'] as const;
const FINDINGS = ['f1', 'f2', 'f3'] as const;

const small = (max: number) => fc.nat({ max });
const often = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, ...others.map((one) => fc.constant(one)));

const port = (instance: number, device: number) => `eni-${instance}${device}`;
const address = (instance: number, device: number) => `10.0.${instance}.${device + 1}`;

const instance = (number: number): fc.Arbitrary<MirrorInstance> =>
  fc
    .record({
      subnet: fc.constantFrom(...SUBNETS),
      type: often('m5.large', 't2.micro', 'm99.large', 'm5.24xlarge', 'c5.metal'),
      state: often<InstanceState>('running', 'stopped', 'pending', 'terminated'),
      role: fc.constantFrom('web', 'db', 'none'),
      kinds: fc.array(often('interface', 'trunk'), { minLength: 1, maxLength: 3 }),
    })
    .map(({ subnet, type, state, role, kinds }) => {
      const where = { subnet, vpc: 'vpc-1', zone: zoneOf(subnet) };
      const interfaces = kinds.map(
        (kind, device): MirrorInterface => ({
          ...{ ...where, id: port(number, device), instance: `i-${number}`, deviceIndex: device, kind },
          ...{ requesterManaged: false, addresses: [address(number, device)] },
        }),
      );
      const identity = { id: `i-${number}`, type, state, launched: NOW - 90 * MINUTE, image: 'ami-0' } as const;
      return { ...where, ...identity, tags: { role }, interfaces };
    });

/** `i-9` hosts targets; each of its interfaces may be one. */
const target = fc
  .record({
    id: fc.constantFrom(...TARGETS.slice(0, 3)),
    on: fc.oneof(
      fc.constant(null),
      fc.tuple(small(INSTANCES - 1), small(1)).map(([i, d]) => port(i, d)),
    ),
    ours: fc.boolean(),
  })
  .map(
    ({ id, on, ours }): MirrorTarget => ({
      ...{ id, interface: on, owner: ACCOUNT, kind: on === null ? 'network-load-balancer' : 'network-interface' },
      tags: ours ? { 'vpcflow:managed': 'true', 'vpcflow:rule': 'rule0' } : {},
    }),
  );

const sessionTags = fc.oneof(
  fc.constant({}),
  fc.record({ finding: fc.constantFrom(...FINDINGS), minutes: fc.integer({ min: -30, max: 30 }) }).map((of) => ({
    ...{ 'vpcflow:managed': 'true', 'vpcflow:cause': 'finding', 'vpcflow:finding': of.finding },
    'vpcflow:rule': 'rule0',
    'vpcflow:expires': new Date(Math.floor(NOW / 1000) * 1000 + of.minutes * MINUTE).toISOString().replace('.000', ''),
  })),
  fc.constant({ 'vpcflow:managed': 'true', 'vpcflow:cause': 'launch', 'vpcflow:rule': 'rule1' }),
  fc.constant({
    'vpcflow:managed': 'true',
    'vpcflow:cause': 'finding',
    'vpcflow:finding': 'f1',
    'vpcflow:expires': '?',
  }),
);

const session = fc
  .tuple(
    small(INSTANCES - 1),
    often(0, 1, 2),
    fc.constantFrom(...TARGETS.slice(0, 3)),
    fc.integer({ min: 1, max: 4 }),
    sessionTags,
  )
  .map(
    ([i, d, to, number, tags]): MirrorSession => ({
      ...{ id: `tms-${i}${d}${number}`, interface: port(i, d), target: to, filter: 'tmf-1', number, tags },
      ...{ virtualNetworkId: null, packetLength: null },
    }),
  );

/** What EC2 would never hold is left out: a source that is a target, a fourth session, a number twice. */
export const regions: fc.Arbitrary<Region> = fc
  .record({
    instances: fc.tuple(...Array.from({ length: INSTANCES }, (_, i) => instance(i))),
    targets: fc.uniqueArray(target, { maxLength: 3, selector: ({ id }) => id }),
    sessions: fc.uniqueArray(session, { maxLength: 12, selector: ({ id }) => id }),
    mbps: fc.dictionary(fc.constantFrom(port(0, 0), port(1, 0)), small(100), { minKeys: 1 }),
  })
  .map(({ instances, targets, sessions, mbps }) => {
    const ports = new Set(instances.flatMap((one) => one.interfaces.map(({ id }) => id)));
    const on = targets.filter((one, i) => {
      const isTwice = targets.findIndex((other) => other.interface === one.interface) !== i;
      return one.interface === null || (ports.has(one.interface) && !isTwice);
    });
    const held = new Map<string, number>();
    const kept = sessions.filter((one) => {
      const count = held.get(one.interface) ?? 0;
      held.set(one.interface, count + 1);
      const isTarget = on.some((other) => other.interface === one.interface);
      return ports.has(one.interface) && on.some(({ id }) => id === one.target) && !isTarget && count < 3;
    });
    const filters = [{ id: 'tmf-1', rules: 2 }];
    return {
      now: NOW,
      instances,
      loose: [],
      targets: on,
      sessions: kept,
      filters,
      mbps: new Map(Object.entries(mbps)),
    };
  });

const rule = (number: number): fc.Arbitrary<MirrorRule> =>
  fc.record({
    name: fc.constant(`rule${number}`),
    line: fc.constant(number + 1),
    match: fc.oneof(
      fc.constantFrom('web', 'db', null).map((value) => ({ by: 'tags' as const, tags: [{ key: 'role', value }] })),
      fc.constantFrom(...SUBNETS).map((subnet) => ({ by: 'subnet' as const, subnet })),
      fc.constant({ by: 'vpc' as const, vpc: 'vpc-1' }),
    ),
    filter: often('tmf-1', 'tmf-none'),
    target: fc.oneof(
      fc.uniqueArray(fc.constantFrom(...TARGETS), { minLength: 1 }).map((ids) => ({ by: 'id' as const, ids })),
      fc.constantFrom(null, 'subnet-a').map((subnet) => ({
        ...{ by: 'launch' as const, instanceType: 't3.micro', image: 'ami-1', securityGroups: ['sg-1'], subnet },
      })),
    ),
    scope: fc.constantFrom('affected', 'primary', 'all'),
    ttl: fc.constantFrom(60, 1800, 3600),
    maxSessions: fc.constantFrom(null, null, 1, 3),
    packetLength: fc.constantFrom(null, 128),
    virtualNetworkId: fc.constantFrom(null, 7),
  });

export const ruleFiles: fc.Arbitrary<MirrorRules> = fc.record({
  mode: fc.constant('apply'),
  enable: fc.constant({ existing: true, launches: true, findings: true }),
  findings: fc.record({
    allow: often<readonly string[]>([], ['Recon*']),
    deny: often<readonly string[]>([], ['*Brute*']),
    minSeverity: fc.constantFrom(1, 1, 5),
  }),
  maxSessions: fc.constantFrom(null, null, 2, 6),
  neighbours: fc.constantFrom(0, 2),
  guard: fc.record({
    maxCostPerHour: fc.constantFrom(null, null, 0.045),
    sessionPrice: fc.constant(0.015),
    maxMbps: fc.constantFrom(null, null, 50),
  }),
  denyFamilies: often<readonly string[]>([], ['m99']),
  regions: fc.tuple(rule(0), rule(1), rule(2)).map((rules) => new Map([[REGION, rules]])),
});

const finding = fc
  .record({
    id: fc.constantFrom(...FINDINGS),
    type: fc.constantFrom('UnauthorizedAccess:EC2/SSHBruteForce', 'Recon:EC2/Portscan'),
    severity: fc.constantFrom(2, 5, 8),
    minutes: small(3),
    archived: often(false, true),
    at: fc.tuple(small(INSTANCES), small(2)), // one past the last instance: it is gone
    names: fc.constantFrom('interface', 'address', 'nothing'),
    neighbours: fc.uniqueArray(small(INSTANCES - 1), { maxLength: 3 }),
  })
  .map(({ id, type, severity, minutes, archived, at: [i, d], names, neighbours }): MirrorRequest => {
    const updatedAt = NOW - minutes * MINUTE;
    const instances = [`i-${i}`];
    return {
      ...{ key: `finding/${id}/${updatedAt}`, cause: 'finding', account: ACCOUNT, region: REGION, instances },
      finding: {
        ...{ id, type, severity, title: '', account: ACCOUNT, region: REGION, updatedAt, archived, instances },
        ...{ interfaces: [{ id: port(i, d), addresses: [address(i, d)] }], remoteAddresses: ['198.51.100.7'] },
        localAddresses: names === 'address' ? [address(i, d)] : [],
        localInterfaces: names === 'interface' ? [port(i, d)] : [],
      },
      at: updatedAt + 500,
      neighbours: neighbours.map((n) => ({
        ...{ interface: port(n, 0), bytes: BigInt(n % 3), window: '2026-11-22T01:15:00Z/2026-11-22T02:15:00Z' },
        complete: true,
      })),
    };
  });

const instanceRequest = fc
  .record({ cause: fc.constantFrom('launch' as const, 'existing' as const), i: small(INSTANCES) })
  .map(({ cause, i }): MirrorRequest => {
    const one = { cause, account: ACCOUNT, region: REGION, instances: [`i-${i}`], finding: null, neighbours: [] };
    return { ...one, key: `${cause}/i-${i}`, at: NOW - MINUTE };
  });

export const requestLists = fc.array(
  fc.oneof({ weight: 3, arbitrary: finding }, { weight: 1, arbitrary: instanceRequest }),
  {
    maxLength: 10,
  },
);
