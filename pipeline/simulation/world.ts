// Turns a small table into the simulated network: one VPC in two zones, its interfaces, and the addresses outside it.
// Only private and documentation addresses (RFC 1918, RFC 5737, RFC 3849) occur.
import { createHash } from 'node:crypto';

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';
export const LOG_GROUP = '/vpcflow/simulated';

/** Somebody who can be one end of a conversation. */
export interface Host {
  readonly address: string;
  readonly type: 'IPv4' | 'IPv6';
  /** The AWS service that owns the address, or `-`. */
  readonly service: string;
  /** Null outside the VPC. */
  readonly port: Interface | null;
}

/** An elastic network interface: it logs what passes through it. */
export interface Interface {
  readonly index: number;
  readonly name: string; // for people, and for tests
  readonly id: string;
  readonly zone: string;
  readonly subnet: string;
  readonly instance: string; // `-` where AWS owns the interface
}

/** AWS-like ids that never change: the resource kind and 17 hex digits. */
export const simulatedId = (kind: string, name: string): string =>
  `${kind}-0${createHash('sha256').update(`${kind} ${name}`).digest('hex').slice(0, 16)}`;

export const VPC = simulatedId('vpc', 'simulated');

interface Row {
  readonly name: string;
  readonly address: string;
  /** False: the interface belongs to AWS (load balancer, NAT gateway), and no instance of ours has it. */
  readonly instance: boolean;
  readonly address6?: string;
}

const row = (name: string, address: string, instance = true, address6?: string): Row => ({
  ...{ name, address, instance },
  ...(address6 === undefined ? {} : { address6 }),
});

const ROWS: readonly Row[] = [
  row('alb-1', '10.0.1.20', false, '2001:db8:1234:1a01::20'),
  row('alb-2', '10.0.2.20', false, '2001:db8:1234:1a02::20'),
  row('nat', '10.0.1.220', false),
  row('bastion', '10.0.1.10'),
  ...[1, 2, 3].map((n) => row(`web-${n}`, `10.0.11.${10 + n}`)),
  ...[4, 5, 6].map((n) => row(`web-${n}`, `10.0.12.${10 + n}`)),
  ...[1, 2, 3].map((n) => row(`app-${n}`, `10.0.21.${10 + n}`)),
  ...[4, 5, 6].map((n) => row(`app-${n}`, `10.0.22.${10 + n}`)),
  row('db-primary', '10.0.31.10'),
  row('cache', '10.0.31.20'),
  row('db-replica', '10.0.32.10'),
  row('monitor', '10.0.41.10'),
  row('backup', '10.0.41.20'),
  row('spare-1', '10.0.41.30'), // nothing ever talks to these two: NODATA
  row('spare-2', '10.0.42.30'),
];

const network = (address: string): string => address.split('.').slice(0, 3).join('.');

export const INTERFACES: readonly Interface[] = ROWS.map(({ name, address, instance }, index) => ({
  index,
  name,
  id: simulatedId('eni', name),
  // The last digit of the third octet tells the zone: 10.0.11.0/24 lies in the first, 10.0.12.0/24 in the second.
  zone: network(address).endsWith('2') ? 'use1-az2' : 'use1-az1',
  subnet: simulatedId('subnet', network(address)),
  instance: instance ? simulatedId('i', name) : '-',
}));

const inside = new Map<string, Host>(
  ROWS.map(({ name, address }, index) => [name, { address, type: 'IPv4', service: '-', port: INTERFACES[index]! }]),
);

/** A host of the VPC by name. */
export const host = (name: string): Host => {
  const found = inside.get(name);
  if (found === undefined) throw new Error(`the simulated network has no ${name}`);
  return found;
};

const hosts = (...names: readonly string[]): readonly Host[] => names.map(host);

export const BALANCERS = hosts('alb-1', 'alb-2');
/** The IPv6 sides of the load balancers. */
export const BALANCERS6: readonly Host[] = ROWS.flatMap(({ address6 }, index) =>
  address6 === undefined ? [] : [{ address: address6, type: 'IPv6', service: '-', port: INTERFACES[index]! }],
);
export const WEB = hosts('web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6');
export const APP = hosts('app-1', 'app-2', 'app-3', 'app-4', 'app-5', 'app-6');
export const MONITORED = [...WEB, ...APP, ...hosts('db-primary', 'db-replica', 'cache', 'bastion')];
/** Interfaces that the internet can reach. */
export const EXPOSED = hosts('alb-1', 'alb-2', 'nat', 'bastion');

/** A host outside the VPC. */
export const outside = (address: string, service = '-'): Host => ({
  address,
  type: address.includes(':') ? 'IPv6' : 'IPv4',
  service,
  port: null,
});

const range = (prefix: string, first: number, last: number, service = '-'): readonly Host[] =>
  Array.from({ length: last - first + 1 }, (_, i) => outside(`${prefix}${first + i}`, service));

export const CLIENTS: readonly Host[] = [...range('192.0.2.', 1, 254), ...range('203.0.113.', 128, 254)];
export const CLIENTS6: readonly Host[] = Array.from({ length: 200 }, (_, i) =>
  outside(`2001:db8:c1:${(i % 16).toString(16)}::${(i + 1).toString(16)}`),
);
export const SCANNERS: readonly Host[] = range('198.51.100.', 1, 120);
export const S3: readonly Host[] = range('198.51.100.', 200, 203, 'S3');
/** Payment and update services that the application tier calls through the NAT gateway. */
export const PARTNERS: readonly Host[] = range('198.51.100.', 240, 243);
