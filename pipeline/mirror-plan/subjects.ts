// Turns a request into the interfaces that it is about: its instances' by the rule's scope, then its neighbours.
import type { MirrorInstance, MirrorInterface } from '../../schemas/mirroring/account.ts';
import type { Finding } from '../../schemas/mirroring/events.ts';
import type { MirrorRequest, Neighbour } from '../../schemas/mirroring/plan.ts';
import type { Scope } from '../../schemas/mirroring/rules.ts';
import type { Draft } from './draft.ts';

/** Interfaces of one instance, and why these. */
export interface Chosen {
  readonly interfaces: readonly MirrorInterface[];
  readonly why: string;
}

/** Interfaces of the evidence that may be no sources. */
const SPARE_CANDIDATES = 10;

const byDevice = (a: MirrorInterface, b: MirrorInterface): number =>
  (a.deviceIndex ?? Number.MAX_SAFE_INTEGER) - (b.deviceIndex ?? Number.MAX_SAFE_INTEGER) || (a.id < b.id ? -1 : 1);

/** The interfaces that are attached to the instance, by device index. */
const attachedTo = (draft: Draft, instance: MirrorInstance): readonly MirrorInterface[] =>
  instance.interfaces
    .map(({ id }) => draft.interface(id))
    .filter((one) => one !== null && one.instance === instance.id)
    .filter((one) => one !== null)
    .toSorted(byDevice);

/** Ids of the instances that a request is about: those it names, then those whose interfaces it names. */
export function instancesOf(draft: Draft, { instances, finding }: MirrorRequest): readonly string[] {
  const hostOf = (id: string): readonly string[] => {
    const host = draft.interface(id)?.instance ?? null;
    return host === null ? [] : [host];
  };
  const named = [...instances, ...(finding?.instances ?? [])];
  const local = finding?.localInterfaces.flatMap(hostOf) ?? [];
  const described = named.length === 0 ? (finding?.interfaces.flatMap(({ id }) => hostOf(id)) ?? []) : [];
  return [...new Set([...named, ...local, ...described])];
}

/** Interfaces that a finding without instances names and that are of none: nobody's any more. */
export function orphansOf(draft: Draft, { instances, finding }: MirrorRequest): readonly string[] {
  if (finding === null || instances.length > 0 || finding.instances.length > 0) return [];
  const named = [...finding.localInterfaces, ...finding.interfaces.map(({ id }) => id)];
  return [...new Set(named)].filter((id) => (draft.interface(id)?.instance ?? null) === null);
}

/** The one with device index 0, as far as there is one. */
const primary = (attached: readonly MirrorInterface[], why: string): Chosen => ({
  interfaces: attached.slice(0, 1),
  why,
});

function affected(attached: readonly MirrorInterface[], finding: Finding): Chosen {
  const named = attached.filter(({ id }) => finding.localInterfaces.includes(id));
  if (named.length > 0) return { interfaces: named, why: 'the finding names it' };
  const described = new Map(finding.interfaces.map((one) => [one.id, one.addresses]));
  const local = new Set(finding.localAddresses);
  const addressed = attached.filter(({ id, addresses }) =>
    [id, ...addresses, ...(described.get(id) ?? [])].some((one) => local.has(one)),
  );
  if (addressed.length > 0) {
    const { id, addresses } = addressed[0];
    const address = [...addresses, ...(described.get(id) ?? [])].find((one) => local.has(one)) ?? id;
    return { interfaces: addressed, why: `it has the finding's local address ${address}` };
  }
  const known = attached.filter(({ id }) => described.has(id));
  if (known.length === 1) return { interfaces: known, why: 'the finding describes no other interface' };
  return primary(attached, 'primary interface: the finding does not say which');
}

/** Those of the instance that the scope means; a launch affects the primary one. Empty: it has none. */
export function chooseInterfaces(
  draft: Draft,
  instance: MirrorInstance,
  scope: Scope,
  finding: Finding | null,
): Chosen {
  const attached = attachedTo(draft, instance);
  if (scope === 'all') return { interfaces: attached, why: 'scope all' };
  if (scope === 'primary') return primary(attached, 'scope primary');
  if (finding === null) return primary(attached, 'primary interface');
  return affected(attached, finding);
}

/** The request's, by bytes: first the interfaces that exchanged most with the remote address. */
export const neighboursOf = ({ neighbours }: MirrorRequest): readonly Neighbour[] =>
  [...Map.groupBy(neighbours, (one) => one.interface).values()]
    .map((same) => same.reduce((a, b) => (b.bytes > a.bytes ? b : a)))
    .toSorted((a, b) => (a.bytes === b.bytes ? (a.interface < b.interface ? -1 : 1) : a.bytes > b.bytes ? -1 : 1));

/** How many interfaces the evidence is to name, so that `most` of them can be sources: NAT gateways, say, cannot. */
export const candidatesFor = (most: number): number => (most === 0 ? 0 : most + SPARE_CANDIDATES);

/** The evidence in a sentence. */
export function evidenceOf({ bytes, window, complete }: Neighbour): string {
  const state = complete === null ? 'completeness unknown' : complete ? 'complete' : 'incomplete';
  return `neighbour: exchanged ${bytes} bytes with the finding's remote address in ${window} (${state})`;
}
