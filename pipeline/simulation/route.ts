// Turns a conversation into its passages: each direction at each interface that it crosses, as that interface logs it.
import type { Conversation, Volume } from './conversation.ts';
import type { Passage } from './record.ts';
import { type Host, host } from './world.ts';

/** One line to be, or two where the interface's aggregation interval ends in between. */
export interface Hop {
  readonly passage: Passage;
  readonly volume: Volume;
  /** From the one who asks, or back from the one who answers. */
  readonly answer: boolean;
}

const NAT = host('nat');
// AWS's codes of traffic-path.
const VIA_VPC = '1';
const VIA_ENDPOINT = '7';
const VIA_INTERNET = '8';

const isInside = (one: Host): boolean => one.port !== null || one.address.startsWith('10.');

const pathTo = (target: Host): string => {
  if (isInside(target)) return VIA_VPC;
  return target.service === 'S3' ? VIA_ENDPOINT : VIA_INTERNET;
};

type Ends = Pick<Passage, 'source' | 'target' | 'packetSource' | 'packetTarget' | 'sourcePort' | 'targetPort'>;
type Services = Pick<Passage, 'sourceService' | 'targetService'>;

/** Untranslated: the packets carry the addresses that the interfaces see. */
const ends = (source: Host, target: Host, sourcePort: number, targetPort: number): Ends => ({
  ...{ source: source.address, target: target.address },
  ...{ packetSource: source.address, packetTarget: target.address },
  ...{ sourcePort, targetPort },
});

/** The hops of a conversation; an accepted one inside the VPC has four, one with the internet two, one through NAT six. */
export const route = (c: Conversation): readonly Hop[] => {
  const { source, target, verdict } = c;
  const common = { type: source.type, protocol: c.protocol };
  const asks: Services = { sourceService: source.service, targetService: target.service };
  const answers: Services = { sourceService: target.service, targetService: source.service };
  const there = { ...common, ...asks, ...ends(source, target, c.sourcePort, c.targetPort) };
  const again = { ...common, ...answers, ...ends(target, source, c.targetPort, c.sourcePort) };
  const hops: Hop[] = [];
  if (source.port !== null) {
    const at = source.port;
    const action = verdict === 'rejected by source' ? 'REJECT' : 'ACCEPT';
    const path = c.natPort === undefined ? pathTo(target) : VIA_VPC;
    hops.push({ passage: { ...there, at, action, direction: 'egress', path }, volume: c.forward, answer: false });
    if (c.back !== null)
      hops.push({ passage: { ...again, at, action, direction: 'ingress', path: '-' }, volume: c.back, answer: true });
  }
  if (c.natPort !== undefined) hops.push(...translated(c, c.natPort));
  if (target.port !== null && verdict !== 'rejected by source') {
    const at = target.port;
    const action = verdict === 'rejected by target' ? 'REJECT' : 'ACCEPT';
    const path = pathTo(source);
    hops.push({ passage: { ...there, at, action, direction: 'ingress', path: '-' }, volume: c.forward, answer: false });
    if (c.back !== null)
      hops.push({ passage: { ...again, at, action, direction: 'egress', path }, volume: c.back, answer: true });
  }
  return hops;
};

/** The four passages of a zonal NAT gateway: in from the instance, out to the internet, and the same back. */
const translated = (c: Conversation, natPort: number): readonly Hop[] => {
  const [inner, outer, own] = [c.source.address, c.target.address, NAT.address];
  const common = { at: NAT.port!, type: c.source.type, protocol: c.protocol, action: 'ACCEPT' as const };
  const out = { ...common, sourceService: '-', targetService: c.target.service, targetPort: c.targetPort };
  const home = { ...common, sourceService: c.target.service, targetService: '-', sourcePort: c.targetPort };
  const inbound = { direction: 'ingress' as const, path: '-' };
  const hops: Hop[] = [
    {
      ...{ volume: c.forward, answer: false },
      passage: {
        ...{ ...out, ...inbound, sourcePort: c.sourcePort },
        ...{ source: inner, target: own, packetSource: inner, packetTarget: outer },
      },
    },
    {
      ...{ volume: c.forward, answer: false },
      passage: {
        ...{ ...out, direction: 'egress', path: VIA_INTERNET, sourcePort: natPort },
        ...{ source: own, target: outer, packetSource: own, packetTarget: outer },
      },
    },
  ];
  if (c.back === null) return hops;
  return [
    ...hops,
    {
      ...{ volume: c.back, answer: true },
      passage: {
        ...{ ...home, ...inbound, targetPort: natPort },
        ...{ source: outer, target: own, packetSource: outer, packetTarget: own },
      },
    },
    {
      ...{ volume: c.back, answer: true },
      passage: {
        ...{ ...home, direction: 'egress', path: VIA_VPC, targetPort: c.sourcePort },
        ...{ source: own, target: inner, packetSource: outer, packetTarget: inner },
      },
    },
  ];
};
