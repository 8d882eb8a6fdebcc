// What the simulated hosts say to one another: the unit that traffic and story make and interfaces log.
import type { Host } from './world.ts';

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;

export interface Volume {
  readonly packets: number;
  readonly bytes: number;
}

/** Which end's security group stops it, if any; the other end still logs what it let pass. */
export type Verdict = 'accepted' | 'rejected by target' | 'rejected by source';

export interface Conversation {
  readonly source: Host;
  readonly target: Host;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  readonly forward: Volume;
  /** Null: nothing comes back. */
  readonly back: Volume | null;
  /** How long it lasts; 0 within one second. It is cut at the end of its minute. */
  readonly seconds: number;
  readonly verdict: Verdict;
  /** Leaves the VPC through the NAT gateway, on this port of it. */
  readonly natPort?: number;
  /** It began before and goes on: no SYN and no FIN is seen. */
  readonly established?: boolean;
}

/** Takes the conversations of one second. */
export type Sink = (conversation: Conversation) => void;
