// Turns the seconds of the simulated story into the events that AWS would send of it: GuardDuty findings and instance states.
// Source of the shapes: "Processing GuardDuty findings with Amazon EventBridge", Amazon GuardDuty User Guide, and
// "Monitor state changes of your Amazon EC2 instances", Amazon EC2 User Guide.
import { createHash } from 'node:crypto';
import type { MirrorInstance } from '../../schemas/mirroring/account.ts';
import { SIMULATED_ACCOUNT } from './account.ts';
import { attacker, controller, FOOTHOLD, PREY, SCENES, STORY_SECONDS, storyTime } from './story.ts';
import { ACCOUNT, type Host, host, REGION, simulatedId } from './world.ts';

/** One record of a stream that EventBridge puts events on. */
export interface EventRecord {
  readonly partitionKey: string;
  readonly data: Buffer; // JSON of one event
}

interface Action {
  readonly remote: (cycle: number) => Host;
  readonly direction: 'INBOUND' | 'OUTBOUND';
  readonly localPort: readonly [number, string];
  readonly remotePort: readonly [number, string];
}

/** A finding of the story: it comes, comes again with a higher count, and comes once more when it was archived. */
interface Plot extends Action {
  readonly name: string;
  readonly type: string;
  readonly severity: number;
  readonly victim: Host;
  readonly role: 'TARGET' | 'ACTOR';
  readonly since: number; // seconds of the story
  readonly sent: readonly number[]; // seconds of the story
  /** The event of the first of them comes twice: delivery is at least once. */
  readonly twice: boolean;
  /** Occurrences in a second. */
  readonly often: number;
  readonly title: (instance: string, remote: string) => string;
}

/** When whoever has contained the incident archives its findings. */
const ARCHIVED_AT = SCENES.containment.until + 10;
const REDELIVERED_AFTER = 7; // seconds

const PLOTS: readonly Plot[] = [
  {
    ...{ name: 'brute force', type: 'UnauthorizedAccess:EC2/SSHBruteForce', severity: 2, victim: FOOTHOLD },
    ...{ role: 'TARGET', remote: attacker, direction: 'INBOUND', localPort: [22, 'SSH'], often: 3, twice: true },
    ...{ remotePort: [50_022, 'Unknown'], since: SCENES.bruteForce.from, sent: [75, 195, 290] },
    title: (instance, remote) => `${remote} tries passwords on the SSH service of ${instance}.`,
  },
  {
    ...{ name: 'beacon', type: 'Backdoor:EC2/C&CActivity.B', severity: 8, victim: FOOTHOLD, twice: false },
    ...{ role: 'ACTOR', remote: controller, direction: 'OUTBOUND', localPort: [44_044, 'Unknown'], often: 0.1 },
    ...{ remotePort: [4444, 'Unknown'], since: SCENES.beacon.from, sent: [360, 600] },
    title: (instance, remote) => `${instance} talks to ${remote}, which is known to command malware.`,
  },
  {
    ...{ name: 'theft', type: 'Trojan:EC2/DropPoint', severity: 5, victim: PREY, role: 'ACTOR', twice: false },
    ...{ remote: controller, direction: 'OUTBOUND', localPort: [40_443, 'Unknown'], remotePort: [443, 'HTTPS'] },
    ...{ often: 0.5, since: SCENES.theft.from, sent: [510] },
    title: (instance, remote) => `${instance} sends data to ${remote}, which is known to collect what was stolen.`,
  },
];

/** An instance that nobody needs is switched off, and on again. */
const SPARE = host('spare-2');
const STATES: readonly (readonly [number, string])[] = [
  [130, 'stopping'],
  [140, 'stopped'],
  [440, 'pending'],
  [450, 'running'],
];

const hex = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(parts.join(' ')).digest('hex');

/** As EventBridge writes the ids of events. */
const uuid = (...parts: readonly (string | number)[]): string => {
  const digits = hex(...parts);
  const variant = '89ab'[Number.parseInt(digits[16]!, 16) % 4]!;
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
};

/** RFC 3339 with or without milliseconds. */
const seconds = (second: number): string => `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
const millis = (second: number): string => new Date(second * 1000).toISOString();

const privateName = (address: string): string => `ip-${address.replaceAll('.', '-')}.ec2.internal`;

const instanceOf = ({ port }: Host): MirrorInstance => {
  const found = SIMULATED_ACCOUNT.instances.find(({ id }) => id === port?.instance);
  if (found === undefined) throw new Error('the story happens on instances');
  return found;
};

const instanceDetails = (instance: MirrorInstance) => ({
  ...{ instanceId: instance.id, instanceType: instance.type, outpostArn: null, platform: null, productCodes: [] },
  ...{ launchTime: millis(instance.launched / 1000), iamInstanceProfile: null, instanceState: instance.state },
  networkInterfaces: instance.interfaces.map(({ id, subnet, vpc, addresses: [address = ''] }) => ({
    ...{ ipv6Addresses: [], networkInterfaceId: id, privateDnsName: privateName(address), privateIpAddress: address },
    privateIpAddresses: [{ privateDnsName: privateName(address), privateIpAddress: address }],
    ...{ subnetId: subnet, vpcId: vpc, publicDnsName: '', publicIp: null },
    securityGroups: [{ groupName: instance.tags.tier, groupId: simulatedId('sg', instance.tags.tier ?? '') }],
  })),
  tags: Object.entries(instance.tags).map(([key, value]) => ({ key, value })),
  ...{ availabilityZone: instance.zone, imageId: instance.image, imageDescription: 'simulated' },
});

const networkAction = ({ direction, localPort, remotePort }: Action, local: string, remote: string) => ({
  actionType: 'NETWORK_CONNECTION',
  networkConnectionAction: {
    ...{ connectionDirection: direction, protocol: 'TCP', blocked: false },
    localIpDetails: { ipAddressV4: local },
    remoteIpDetails: {
      ipAddressV4: remote,
      organization: { asn: '64496', asnOrg: 'Example Transit', isp: 'Example Transit', org: 'Example Transit' },
      ...{ country: { countryName: 'Nowhere' }, city: { cityName: 'Nowhere' }, geoLocation: { lat: 0, lon: 0 } },
    },
    localPortDetails: { port: localPort[0], portName: localPort[1] },
    remotePortDetails: { port: remotePort[0], portName: remotePort[1] },
  },
});

interface Moment {
  readonly anchor: number; // Unix seconds
  readonly cycle: number;
  readonly at: number; // seconds of the story
}

/** The state of a finding as of a second of the story. */
const finding = (plot: Plot, { anchor, cycle, at }: Moment) => {
  const began = anchor + cycle * STORY_SECONDS;
  const archived = at >= ARCHIVED_AT;
  const seen = archived ? plot.sent.at(-1)! : at;
  const id = hex('finding', plot.name, anchor, cycle).slice(0, 32);
  const detector = hex('detector').slice(0, 32);
  const instance = instanceOf(plot.victim);
  const remote = plot.remote(cycle).address;
  const title = plot.title(instance.id, remote);
  return {
    ...{ schemaVersion: '2.0', accountId: ACCOUNT, region: REGION, partition: 'aws', id },
    arn: `arn:aws:guardduty:${REGION}:${ACCOUNT}:detector/${detector}/finding/${id}`,
    type: plot.type,
    resource: { resourceType: 'Instance', instanceDetails: instanceDetails(instance) },
    service: {
      ...{ serviceName: 'guardduty', detectorId: detector, resourceRole: plot.role },
      action: networkAction(plot, plot.victim.address, remote),
      ...{ additionalInfo: { value: '{}', type: 'default' }, evidence: null, archived },
      ...{ eventFirstSeen: seconds(began + plot.since), eventLastSeen: seconds(began + seen) },
      count: Math.max(1, Math.floor((seen - plot.since) * plot.often)),
    },
    ...{ severity: plot.severity, createdAt: millis(began + plot.sent[0]!), updatedAt: millis(began + at) },
    ...{ title, description: `${title} Simulated: nothing of it has happened.` },
  };
};

const record = (event: { readonly id: string; readonly detail: unknown }): EventRecord => ({
  ...{ partitionKey: event.id, data: Buffer.from(JSON.stringify(event)) },
});

const envelope = (id: string, kind: string, source: string, second: number, resources: readonly string[]) => ({
  ...{ version: '0', id, 'detail-type': kind, source, account: ACCOUNT, time: seconds(second) },
  ...{ region: REGION, resources },
});

const findingEvent = (plot: Plot, moment: Moment): EventRecord => {
  const second = moment.anchor + moment.cycle * STORY_SECONDS + moment.at;
  const id = uuid('event', plot.name, second);
  const head = envelope(id, 'GuardDuty Finding', 'aws.guardduty', second, []);
  return record({ ...head, detail: finding(plot, moment) });
};

const stateEvent = (state: string, second: number): EventRecord => {
  const { id: instance } = instanceOf(SPARE);
  const id = uuid('event', state, second);
  const resource = `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${instance}`;
  const head = envelope(id, 'EC2 Instance State-change Notification', 'aws.ec2', second, [resource]);
  return record({ ...head, detail: { 'instance-id': instance, state } });
};

/** What EventBridge sends in a second (Unix) of the story that began at `anchor` (Unix seconds). */
export const eventsOf = (second: number, anchor: number): readonly EventRecord[] => {
  if (second < anchor) return [];
  const { cycle, at } = storyTime(second, anchor);
  const moment = { anchor, cycle, at };
  const findings = PLOTS.flatMap((plot) => {
    const again = plot.twice && at === plot.sent[0]! + REDELIVERED_AFTER;
    if (again) return [findingEvent(plot, { ...moment, at: plot.sent[0]! })];
    return plot.sent.includes(at) || at === ARCHIVED_AT ? [findingEvent(plot, moment)] : [];
  });
  return [...STATES.filter(([when]) => when === at).map(([, state]) => stateEvent(state, second)), ...findings];
};
