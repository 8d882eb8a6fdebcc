// Every field of AWS VPC and transit-gateway flow logs, versions 2 to 11, as data: the one table that the digest
// columns, the Parquet schema, the parser and the documentation derive from.
// Source: "Flow log records", Amazon VPC User Guide; "Transit Gateway Flow Logs", AWS Transit Gateway User Guide.

/** How a value is written and compared. `address` is canonical RFC 5952 text, `tag` is percent-decoded text. */
export type FieldKind = 'string' | 'address' | 'tag' | 'int32' | 'int64';

/** What the digest does with the field: part of the row's key, merged into a measure, or read and not stored. */
export type FieldRole = 'key' | 'sum' | 'min' | 'max' | 'or' | 'none';

export interface Field {
  /** The AWS id, as in a LogFormat string: `account-id`. */
  readonly id: string;
  /** The digest column (Athena's own name): the id with `-` as `_`. */
  readonly column: string;
  readonly kind: FieldKind;
  readonly role: FieldRole;
  /** The flow-log version that introduced the field. */
  readonly since: number;
  /** What the field says, one clause, for generated documentation. */
  readonly about: string;
}

const field = (id: string, since: number, kind: FieldKind, role: FieldRole, about: string): Field => ({
  id,
  column: id.replaceAll('-', '_'),
  kind,
  role,
  since,
  about,
});

/** All fields. Key fields stand in the order of the digest table (and so of the sort). */
export const FIELDS: readonly Field[] = [
  field('version', 2, 'int32', 'none', 'the highest version among the chosen fields'),
  field('account-id', 2, 'string', 'key', 'owner of the source network interface'),
  field('region', 4, 'string', 'key', 'region of the interface'),
  field('az-id', 4, 'string', 'key', 'availability zone id of the interface'),
  field('sublocation-type', 4, 'string', 'key', 'wavelength, outpost or localzone'),
  field('sublocation-id', 4, 'string', 'key', 'id of the sublocation'),
  field('vpc-id', 3, 'string', 'key', 'VPC of the interface'),
  field('subnet-id', 3, 'string', 'key', 'subnet of the interface'),
  field('instance-id', 3, 'string', 'key', 'instance of the interface, if the account owns it'),
  field('interface-id', 2, 'string', 'key', 'the network interface that logged the flow'),
  field('interface-type', 11, 'string', 'key', 'kind of the interface: nat_gateway, vpc_endpoint, …'),
  field('resource-id', 9, 'string', 'key', 'regional NAT gateway'),
  field('srcaddr', 2, 'address', 'key', 'source address as seen at the interface'),
  field('dstaddr', 2, 'address', 'key', 'destination address as seen at the interface'),
  field('pkt-srcaddr', 3, 'address', 'key', 'original source address of the packets'),
  field('pkt-dstaddr', 3, 'address', 'key', 'original destination address of the packets'),
  field('pkt-src-aws-service', 5, 'string', 'key', 'AWS service of the original source address'),
  field('pkt-dst-aws-service', 5, 'string', 'key', 'AWS service of the original destination address'),
  field('type', 3, 'string', 'key', 'IPv4, IPv6 or EFA'),
  field('srcport', 2, 'int32', 'key', 'source port; 0 where it was ephemeral'),
  field('dstport', 2, 'int32', 'key', 'destination port; 0 where it was ephemeral'),
  field('protocol', 2, 'int32', 'key', 'IANA protocol number'),
  field('traffic-path', 5, 'int32', 'key', 'path of egress traffic, 1 to 8'),
  field('encryption-status', 10, 'int32', 'key', '0 none, 1 nitro, 2 application, 3 both'),
  field('action', 2, 'string', 'key', 'ACCEPT or REJECT'),
  field('flow-direction', 5, 'string', 'key', 'ingress or egress'),
  field('reject-reason', 8, 'string', 'key', 'BPA or EC'),
  field('ecs-cluster-arn', 7, 'string', 'key', 'ECS cluster'),
  field('ecs-cluster-name', 7, 'string', 'key', 'ECS cluster name'),
  field('ecs-container-instance-arn', 7, 'string', 'key', 'ECS container instance'),
  field('ecs-container-instance-id', 7, 'string', 'key', 'ECS container instance id'),
  field('ecs-container-id', 7, 'string', 'key', 'runtime id of the first container'),
  field('ecs-second-container-id', 7, 'string', 'key', 'runtime id of the second container'),
  field('ecs-service-name', 7, 'string', 'key', 'ECS service name'),
  field('ecs-task-definition-arn', 7, 'string', 'key', 'ECS task definition'),
  field('ecs-task-arn', 7, 'string', 'key', 'ECS task'),
  field('ecs-task-id', 7, 'string', 'key', 'ECS task id'),
  field('next-hop-interface-id', 11, 'string', 'key', 'interface of the next hop'),
  field('next-hop-subnet-id', 11, 'string', 'key', 'subnet of the next hop'),
  field('next-hop-az-id', 11, 'string', 'key', 'availability zone id of the next hop'),
  field('next-hop-vpc-id', 11, 'string', 'key', 'VPC of the next hop'),
  field('next-hop-interface-type', 11, 'string', 'key', 'kind of the next hop interface'),
  field('instance-tag', 11, 'tag', 'key', 'value of the first chosen instance tag'),
  field('instance-tag-2', 11, 'tag', 'key', 'value of the second chosen instance tag'),
  field('interface-tag', 11, 'tag', 'key', 'value of the first chosen interface tag'),
  field('interface-tag-2', 11, 'tag', 'key', 'value of the second chosen interface tag'),
  field('asg-tag', 11, 'tag', 'key', 'value of the first chosen Auto Scaling group tag'),
  field('asg-tag-2', 11, 'tag', 'key', 'value of the second chosen Auto Scaling group tag'),
  field('tgw-id', 6, 'string', 'key', 'transit gateway'),
  field('tgw-attachment-id', 6, 'string', 'key', 'attachment that logged the flow'),
  field('tgw-src-vpc-account-id', 6, 'string', 'key', 'account of the source VPC'),
  field('tgw-dst-vpc-account-id', 6, 'string', 'key', 'account of the destination VPC'),
  field('tgw-src-vpc-id', 6, 'string', 'key', 'source VPC'),
  field('tgw-dst-vpc-id', 6, 'string', 'key', 'destination VPC'),
  field('tgw-src-subnet-id', 6, 'string', 'key', 'source subnet'),
  field('tgw-dst-subnet-id', 6, 'string', 'key', 'destination subnet'),
  field('tgw-src-eni', 6, 'string', 'key', 'source attachment interface'),
  field('tgw-dst-eni', 6, 'string', 'key', 'destination attachment interface'),
  field('tgw-src-az-id', 6, 'string', 'key', 'source availability zone id'),
  field('tgw-dst-az-id', 6, 'string', 'key', 'destination availability zone id'),
  field('tgw-pair-attachment-id', 6, 'string', 'key', 'attachment at the other side'),
  field('resource-type', 6, 'string', 'key', 'TransitGateway'),
  field('packets', 2, 'int64', 'sum', 'packets of the flow'),
  field('bytes', 2, 'int64', 'sum', 'bytes of the flow'),
  field('packets-lost-no-route', 6, 'int64', 'sum', 'packets lost for want of a route'),
  field('packets-lost-blackhole', 6, 'int64', 'sum', 'packets lost to a blackhole route'),
  field('packets-lost-mtu-exceeded', 6, 'int64', 'sum', 'packets lost because larger than the MTU'),
  field('packets-lost-ttl-expired', 6, 'int64', 'sum', 'packets lost because the TTL expired'),
  field('start', 2, 'int64', 'min', 'first packet of the flow, Unix seconds'),
  field('end', 2, 'int64', 'max', 'last packet of the flow, Unix seconds'),
  field('tcp-flags', 3, 'int32', 'or', 'bitmask of the TCP flags seen'),
  field('log-status', 2, 'string', 'none', 'OK, NODATA or SKIPDATA'),
];

/** The fields by AWS id. */
export const FIELD_BY_ID: ReadonlyMap<string, Field> = new Map(FIELDS.map((f) => [f.id, f]));

/** The default format of a VPC flow log (version 2), which AWS does not let anyone change. */
export const DEFAULT_FORMAT =
  '${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}';

/** The default format of a transit-gateway flow log (version 6): all of its fields, in AWS's order. */
export const TRANSIT_GATEWAY_FORMAT =
  '${version} ${resource-type} ${account-id} ${tgw-id} ${tgw-attachment-id} ${tgw-src-vpc-account-id} ${tgw-dst-vpc-account-id} ${tgw-src-vpc-id} ${tgw-dst-vpc-id} ${tgw-src-subnet-id} ${tgw-dst-subnet-id} ${tgw-src-eni} ${tgw-dst-eni} ${tgw-src-az-id} ${tgw-dst-az-id} ${tgw-pair-attachment-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${log-status} ${type} ${packets-lost-no-route} ${packets-lost-blackhole} ${packets-lost-mtu-exceeded} ${packets-lost-ttl-expired} ${tcp-flags} ${region} ${flow-direction} ${pkt-src-aws-service} ${pkt-dst-aws-service}';
