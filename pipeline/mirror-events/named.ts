// Collects what a finding names: instances, interfaces with their addresses, addresses; what is none is noted, not used.
import type { NamedInterface } from '../../schemas/mirroring/events.ts';
import { canonicalAddress } from '../address/address.ts';
import { quoted } from './json-members.ts';

/** Ids of AWS's own and of emulators: hexadecimal, longer or shorter, or with parts. */
export const INSTANCE_ID = /^i-[0-9a-z][0-9a-z-]{0,63}$/i;
const INTERFACE_ID = /^eni-[0-9a-z][0-9a-z-]{0,63}$/i;

const MAX_NAMED = 1000; // of a kind in one finding: what GuardDuty's lists hold (400 resources) and more
const MAX_NOTES = 10;

export class Named {
  readonly instances = new Set<string>();
  readonly interfaces = new Map<string, Set<string>>();
  readonly localAddresses = new Set<string>();
  readonly localInterfaces = new Set<string>();
  readonly remoteAddresses = new Set<string>();
  readonly notes = new Set<string>();

  private note(sentence: string): void {
    if (this.notes.size < MAX_NOTES) this.notes.add(sentence);
  }

  private hasRoom(kind: string, of: { readonly size: number }): boolean {
    if (of.size < MAX_NAMED) return true;
    this.note(`it names more than ${MAX_NAMED} ${kind}: those after them are not used`);
    return false;
  }

  private add(kind: string, to: Set<string>, item: string): void {
    if (to.has(item) || this.hasRoom(kind, to)) to.add(item);
  }

  /** Something that the finding names and that lies in another account or region. */
  elsewhere(sentence: string): void {
    this.note(`${sentence}: it is not used`);
  }

  /** The id of an instance, or an ARN that ends in it; '' is no id, and nothing to note. */
  instance(uid: string | null): void {
    const id = lastPart(uid);
    if (id === '') return;
    if (INSTANCE_ID.test(id)) this.add('instances', this.instances, id);
    else this.note(`${quoted(id)} is no instance id`);
  }

  private interfaceId(uid: string | null): string | null {
    const id = lastPart(uid);
    if (id === '') return null;
    if (INTERFACE_ID.test(id)) return id;
    this.note(`${quoted(id)} is no interface id`);
    return null;
  }

  interface(uid: string | null, addresses: readonly (string | null)[]): void {
    const id = this.interfaceId(uid);
    if (id === null) return;
    const known = this.interfaces.get(id);
    if (known === undefined && !this.hasRoom('interfaces', this.interfaces)) return;
    const all = known ?? new Set();
    this.interfaces.set(id, all);
    for (const address of addresses) this.address('addresses of an interface', all, address);
  }

  private address(kind: string, to: Set<string>, text: string | null): void {
    if (text === null || text === '') return;
    const address = text.length > MAX_ADDRESS_TEXT ? null : canonicalAddress(text);
    if (address === null) this.note(`${quoted(text)} is no address`);
    else this.add(kind, to, address);
  }

  local(address: string | null): void {
    this.address('local addresses', this.localAddresses, address);
  }

  localInterface(uid: string | null): void {
    const id = this.interfaceId(uid);
    if (id !== null) this.add('local interfaces', this.localInterfaces, id);
  }

  remote(address: string | null): void {
    this.address('remote addresses', this.remoteAddresses, address);
  }

  allInterfaces(): readonly NamedInterface[] {
    return [...this.interfaces].map(([id, addresses]) => ({ id, addresses: [...addresses] }));
  }

  /** Remote addresses without those of the finding's own interfaces, which an attack sequence may list beside them. */
  others(): readonly string[] {
    const own = new Set([...this.interfaces.values()].flatMap((addresses) => [...addresses]));
    return [...this.remoteAddresses].filter((address) => !own.has(address));
  }
}

const MAX_ADDRESS_TEXT = 45; // characters of an IPv6 address that is written at its longest, with a dotted quad

/** `arn:aws:ec2:us-east-1:111122223333:instance/i-0a1b` is the instance `i-0a1b`. */
const lastPart = (uid: string | null): string =>
  uid?.startsWith('arn:') ? uid.slice(uid.lastIndexOf('/') + 1) : (uid ?? '');
