// Turns what one interface saw of a conversation into a flow-log line, in the declared format of the simulation or in version 2.
import { ACCOUNT, type Interface, REGION, VPC } from './world.ts';

/** The LogFormat of the log group of the simulation. */
export const SIMULATED_FORMAT =
  '${version} ${account-id} ${region} ${az-id} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${flow-direction} ${type} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${pkt-srcaddr} ${pkt-dstaddr} ${pkt-src-aws-service} ${pkt-dst-aws-service} ${traffic-path} ${tcp-flags} ${action} ${packets} ${bytes} ${start} ${end} ${log-status}';

/** What does not change while one direction of a conversation is logged at one interface. */
export interface Passage {
  readonly at: Interface;
  readonly direction: 'ingress' | 'egress';
  readonly type: 'IPv4' | 'IPv6';
  readonly source: string;
  readonly target: string;
  /** The packet's own addresses, where address translation makes them differ. */
  readonly packetSource: string;
  readonly packetTarget: string;
  readonly sourceService: string;
  readonly targetService: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  readonly path: string; // traffic-path, `-` for ingress
  readonly action: 'ACCEPT' | 'REJECT';
}

/** What was counted in one aggregation interval. */
export interface Measures {
  readonly packets: number;
  readonly bytes: number;
  readonly start: number; // Unix seconds
  readonly end: number; // Unix seconds
  readonly flags: string;
}

/** A line; one text each, made of prepared pieces, so that 100,000 a second can be had. */
export interface LineFormat {
  line(passage: Passage, measures: Measures): string;
  /** NODATA or SKIPDATA of one interface for [start, end]. */
  empty(at: Interface, start: number, end: number, status: 'NODATA' | 'SKIPDATA'): string;
}

const heads = new Map<Interface, string>();

const head = (at: Interface): string => {
  let text = heads.get(at);
  if (text === undefined) {
    text = `5 ${ACCOUNT} ${REGION} ${at.zone} ${VPC} ${at.subnet} ${at.instance} ${at.id}`;
    heads.set(at, text);
  }
  return text;
};

/** SIMULATED_FORMAT. */
export const SIMULATED: LineFormat = {
  line: (p, m) =>
    `${head(p.at)} ${p.direction} ${p.type} ${p.source} ${p.target} ${p.sourcePort} ${p.targetPort} ${p.protocol} ` +
    `${p.packetSource} ${p.packetTarget} ${p.sourceService} ${p.targetService} ${p.path} ${m.flags} ${p.action} ` +
    `${m.packets} ${m.bytes} ${m.start} ${m.end} OK`,
  empty: (at, start, end, status) => `${head(at)} - - - - - - - - - - - - - - - - ${start} ${end} ${status}`,
};

/** The default format, which any tool reads. */
export const VERSION_2: LineFormat = {
  line: (p, m) =>
    `2 ${ACCOUNT} ${p.at.id} ${p.source} ${p.target} ${p.sourcePort} ${p.targetPort} ${p.protocol} ` +
    `${m.packets} ${m.bytes} ${m.start} ${m.end} ${p.action} OK`,
  empty: (at, start, end, status) => `2 ${ACCOUNT} ${at.id} - - - - - - - ${start} ${end} - ${status}`,
};
