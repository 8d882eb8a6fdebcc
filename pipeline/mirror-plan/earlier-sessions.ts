// Turns the sessions of an interface into a sentence: which of them take the packets before a session there.
//
// EC2 mirrors each packet once, to the session with the lowest number whose filter accepts it.
import { TAG } from '../../schemas/mirroring/account.ts';
import type { DraftSession } from './draft.ts';
import { isOurs } from './owned.ts';

/** What decides what a session mirrors, and where to. */
export type SessionSlot = Pick<DraftSession, 'number' | 'target' | 'filter' | 'packetLength'>;

const maker = ({ tags }: DraftSession): string => {
  const finding = tags[TAG.finding];
  return finding === undefined ? `the ${tags[TAG.cause] ?? 'instance'}` : `finding ${finding}`;
};

/** Its id; where it is still to be made, whom it is for: `tms-1 (number 1, VNI 7, until …)`. */
export function namedSession(session: DraftSession): string {
  const { id, number, virtualNetworkId, tags } = session;
  const until = tags[TAG.expires];
  const facts = [
    `number ${number}`,
    ...(virtualNetworkId === null ? [] : [`VNI ${virtualNetworkId}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(isOurs(session) ? [] : ['not ours']),
  ];
  return `${id ?? `one to be made for ${maker(session)}`} (${facts.join(', ')})`;
}

const isSame = (a: SessionSlot, b: SessionSlot): boolean =>
  a.target === b.target && a.filter === b.filter && a.packetLength === b.packetLength;

/** Empty where no session of the interface, whoever made it, has a lower number. */
export function carriedBy(slot: SessionSlot, held: readonly DraftSession[]): string {
  const before = held.filter(({ number }) => number < slot.number).toSorted((a, b) => a.number - b.number);
  if (before.length === 0) return '';
  const [same, ...later] = before.filter((session) => isOurs(session) && isSame(session, slot));
  // What the same filter accepts goes to the first of the same, or to what lies before that.
  const others = before.filter(({ number }) => same === undefined || number < same.number).map(namedSession);
  const first = others.length === 0 ? '' : `packets that ${others.join(', ')} accepts go there first`;
  if (same === undefined) return `${first}, and do not reach number ${slot.number}`;
  const ours = `packets go to ${namedSession(same)}, with the same filter, target and packet length`;
  const end = later.length === 0 ? 'that one ends' : `that one and ${later.map(namedSession).join(', ')} have ended`;
  return [first, ours, `this one takes over when ${end}`].filter((part) => part !== '').join('; ');
}
