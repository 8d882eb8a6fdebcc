// Turns the simulated network into the EC2 account that it would be: instances, interfaces, and where packets are mirrored to.
import type { MirrorFilter, MirrorInstance, MirrorInterface, MirrorTarget } from '../../schemas/mirroring/account.ts';
import { ACCOUNT, BALANCERS6, host, INTERFACES, type Interface, simulatedId, VPC } from './world.ts';

/** All that EC2 would say of an account and region before anything is mirrored in it. */
export interface AccountFacts {
  readonly instances: readonly MirrorInstance[];
  /** Those of instances too. */
  readonly interfaces: readonly MirrorInterface[];
  readonly targets: readonly MirrorTarget[];
  readonly filters: readonly MirrorFilter[];
}

/** When the network was built, Unix ms. */
const BUILT = Date.UTC(2026, 0, 12, 9, 30);
const IMAGE = simulatedId('ami', 'simulated');
const ZONES: Readonly<Record<string, string>> = { 'use1-az1': 'us-east-1a', 'use1-az2': 'us-east-1b' };

interface Kind {
  readonly tier: string;
  readonly type: string;
}

/** By the name without its number. Packets of a T2 cannot be mirrored. */
const KINDS: Readonly<Record<string, Kind>> = {
  bastion: { tier: 'edge', type: 't3.micro' },
  web: { tier: 'web', type: 'c6i.large' },
  app: { tier: 'app', type: 'm6i.xlarge' },
  'db-primary': { tier: 'data', type: 'r6i.2xlarge' },
  'db-replica': { tier: 'data', type: 'r6i.2xlarge' },
  cache: { tier: 'data', type: 'r6g.large' },
  monitor: { tier: 'operations', type: 't2.medium' },
  backup: { tier: 'operations', type: 'm5.large' },
  spare: { tier: 'operations', type: 't3.micro' },
};

const kindOf = (name: string): Kind => KINDS[name.replace(/-\d+$/, '')] ?? { tier: 'operations', type: 't3.micro' };

const addressesOf = ({ index, name }: Interface): readonly string[] => [
  host(name).address,
  ...BALANCERS6.filter(({ port }) => port?.index === index).map(({ address }) => address),
];

const interfaceOf = (one: Interface): MirrorInterface => ({
  ...{ id: one.id, subnet: one.subnet, vpc: VPC, zone: ZONES[one.zone] ?? one.zone, addresses: addressesOf(one) },
  instance: one.instance === '-' ? null : one.instance,
  deviceIndex: one.instance === '-' ? null : 0,
  kind: one.name === 'nat' ? 'nat_gateway' : 'interface',
  requesterManaged: one.instance === '-', // load balancers and gateways are AWS's
});

const instanceOf = (name: string, { tier, type }: Kind, port: MirrorInterface): MirrorInstance => ({
  ...{ id: port.instance ?? '', type, state: 'running', launched: BUILT, image: IMAGE },
  ...{ subnet: port.subnet, vpc: port.vpc, zone: port.zone, tags: { Name: name, tier }, interfaces: [port] },
});

/** The appliance that packets are mirrored to, one in each zone; its interface logs no flows. */
const APPLIANCES = [
  { name: 'appliance-1', zone: 'us-east-1a', subnet: '10.0.51', address: '10.0.51.10' },
  { name: 'appliance-2', zone: 'us-east-1b', subnet: '10.0.52', address: '10.0.52.10' },
];

const applianceInterface = ({ name, zone, subnet, address }: (typeof APPLIANCES)[number]): MirrorInterface => ({
  ...{ id: simulatedId('eni', name), instance: simulatedId('i', name), deviceIndex: 0, vpc: VPC, zone },
  ...{ subnet: simulatedId('subnet', subnet), kind: 'interface', requesterManaged: false, addresses: [address] },
});

const appliancePorts = APPLIANCES.map(applianceInterface);
const ports = INTERFACES.map(interfaceOf);

/** One for each zone, in the order of the zones. */
export const SIMULATED_TARGETS: readonly MirrorTarget[] = APPLIANCES.map(({ name }, i) => ({
  ...{ id: simulatedId('tmt', name), kind: 'network-interface', interface: appliancePorts[i]!.id, owner: ACCOUNT },
  tags: { Name: name },
}));

/** Everything in and everything out. */
export const SIMULATED_FILTER: MirrorFilter = { id: simulatedId('tmf', 'all'), rules: 2 };

export const SIMULATED_ACCOUNT: AccountFacts = {
  instances: [
    ...INTERFACES.flatMap(({ name }, i) =>
      ports[i]!.instance === null ? [] : [instanceOf(name, kindOf(name), ports[i]!)],
    ),
    ...APPLIANCES.map(({ name }, i) => instanceOf(name, { tier: 'security', type: 'm6i.large' }, appliancePorts[i]!)),
  ],
  interfaces: [...ports, ...appliancePorts],
  targets: SIMULATED_TARGETS,
  filters: [SIMULATED_FILTER],
};
