// What a name in a filter stands for: a digest column, or both sides of a flow; its kind, and the values it is known by.
import { DIGEST_COLUMNS } from '../../schemas/columns.ts';
import { FIELDS } from '../../schemas/fields.ts';
import type { Operator } from './tokens.ts';

/** `size` takes 1.5KB, `seconds` a number or a time; `port` and `protocol` take names. */
export type Kind = 'address' | 'port' | 'protocol' | 'integer' | 'size' | 'seconds' | 'time' | 'text';

export type Comparing = Operator | 'in';

/** A value that the column is known to have, and what it means. */
export type KnownValue = readonly [value: string, about: string];

export interface FilterColumn {
  readonly name: string;
  readonly kind: Kind;
  /** One, or two of which one is enough (for `!=`: both are asked). */
  readonly columns: readonly string[];
  /** What it holds, one clause. */
  readonly about: string;
  readonly values: readonly KnownValue[];
  /** Whether it has no others: another bare word is a mistake. */
  readonly closed: boolean;
}

/** The operators that a kind can be compared with, in the order in which they are proposed. */
export const OPERATORS: Readonly<Record<Kind, readonly Comparing[]>> = {
  address: ['=', '!=', 'in', '~'],
  port: ['=', '!=', 'in', '<', '<=', '>', '>='],
  protocol: ['=', '!=', 'in', '<', '<=', '>', '>='],
  integer: ['=', '!=', 'in', '<', '<=', '>', '>='],
  size: ['>', '>=', '<', '<=', '=', '!=', 'in'],
  seconds: ['>=', '<', '>', '<=', '=', '!=', 'in'],
  time: ['>=', '<', '>', '<=', '=', '!=', 'in'],
  text: ['=', '!=', 'in', '~', '<', '<=', '>', '>='],
};

const INTERFACES: readonly KnownValue[] = [
  ['nat_gateway', 'NAT gateway'],
  ['network_load_balancer', 'Network Load Balancer'],
  ['regional_nat_gateway', 'regional NAT gateway'],
  ['transit_gateway', 'transit gateway attachment'],
  ['vpc_endpoint', 'interface endpoint'],
];

const SERVICES: readonly KnownValue[] = [
  ...['AMAZON', 'AMAZON_APPFLOW', 'AMAZON_CONNECT', 'API_GATEWAY', 'AURORA_DSQL', 'CHIME_MEETINGS'],
  ...['CHIME_VOICECONNECTOR', 'CLOUD9', 'CLOUDFRONT', 'CLOUDFRONT_ORIGIN_FACING', 'CODEBUILD', 'DYNAMODB', 'EBS'],
  ...['EC2', 'EC2_INSTANCE_CONNECT', 'GLOBALACCELERATOR', 'IVS_LOW_LATENCY', 'IVS_REALTIME', 'KINESIS_VIDEO_STREAMS'],
  ...['MEDIA_PACKAGE_V2', 'ROUTE53', 'ROUTE53_HEALTHCHECKS', 'ROUTE53_HEALTHCHECKS_PUBLISHING', 'ROUTE53_RESOLVER'],
  ...['S3', 'WORKSPACES_GATEWAYS'],
].map((name) => [name, 'address range of an AWS service']);

/** What AWS documents; outside CLOSED another value is compared as it is written. */
const VALUES: Readonly<Record<string, readonly KnownValue[]>> = {
  action: [
    ['ACCEPT', 'let through'],
    ['REJECT', 'turned away by a security group or network ACL'],
  ],
  flow_direction: [
    ['ingress', 'towards the interface'],
    ['egress', 'from the interface'],
  ],
  type: [
    ['IPv4', 'Internet Protocol version 4'],
    ['IPv6', 'Internet Protocol version 6'],
    ['EFA', 'Elastic Fabric Adapter'],
  ],
  reject_reason: [
    ['BPA', 'VPC Block Public Access'],
    ['EC', 'encryption controls'],
  ],
  sublocation_type: [
    ['wavelength', 'Wavelength Zone'],
    ['outpost', 'Outpost'],
    ['localzone', 'Local Zone'],
  ],
  traffic_path: [
    ['1', 'another resource of the VPC'],
    ['2', 'internet gateway or gateway endpoint'],
    ['3', 'virtual private gateway'],
    ['4', 'peering within the region'],
    ['5', 'peering to another region'],
    ['6', 'Local Zone or Wavelength Zone'],
    ['7', 'gateway endpoint'],
    ['8', 'internet gateway'],
  ],
  encryption_status: [
    ['0', 'none'],
    ['1', 'by the Nitro System'],
    ['2', 'by the application'],
    ['3', 'by both'],
  ],
  tcp_flags: [
    ['1', 'FIN'],
    ['2', 'SYN'],
    ['3', 'SYN and FIN'],
    ['4', 'RST'],
    ['18', 'SYN-ACK'],
    ['19', 'SYN-ACK and FIN'],
  ],
  resource_type: [['TransitGateway', 'transit gateway']],
  interface_type: INTERFACES,
  next_hop_interface_type: INTERFACES,
  pkt_src_aws_service: SERVICES,
  pkt_dst_aws_service: SERVICES,
};

/** Columns whose documented values are all there are. AWS adds to the other lists (services, reasons, interfaces). */
const CLOSED: ReadonlySet<string> = new Set(['action', 'flow_direction', 'type']);

const FIELD = new Map(FIELDS.map((field) => [field.column, field]));

const kindOf = (name: string, type: string): Kind => {
  if (FIELD.get(name)?.kind === 'address') return 'address';
  if (name === 'srcport' || name === 'dstport') return 'port';
  if (name === 'protocol') return 'protocol';
  if (type === 'timestamp') return 'time';
  if (name === 'start' || name === 'end') return 'seconds';
  if (type === 'int64') return 'size';
  return type === 'int32' ? 'integer' : 'text';
};

const ABOUT: Readonly<Record<string, string>> = {
  minute: 'the minute in which the flow starts',
  flows: 'how many flow-log records were merged',
};

const both = (name: string, kind: Kind, columns: readonly string[], about: string): FilterColumn => ({
  ...{ name, kind, columns, about, values: [], closed: false },
});

/** By name: `addr` and `port` for either side, and every digest column. */
export const FILTER_COLUMNS: ReadonlyMap<string, FilterColumn> = new Map(
  [
    both('addr', 'address', ['srcaddr', 'dstaddr'], 'source or destination address'),
    both('port', 'port', ['srcport', 'dstport'], 'source or destination port'),
    ...DIGEST_COLUMNS.map(({ name, type }): FilterColumn => {
      const about = ABOUT[name] ?? FIELD.get(name)?.about ?? name;
      const known = { values: VALUES[name] ?? [], closed: CLOSED.has(name) };
      return { name, kind: kindOf(name, type), columns: [name], about, ...known };
    }),
  ].map((column) => [column.name, column]),
);

/** The names that a filter may use. */
export const FILTER_NAMES: readonly string[] = [...FILTER_COLUMNS.keys()];
