// Turns requests into the world that a plan is made of: a region as EC2 tells it, as far as the requests and our own
// sessions reach.

import type { MadeSession } from '../../../pipeline/mirror-plan/housekeeping/reports.ts';
import { isOurs } from '../../../pipeline/mirror-plan/owned.ts';
import type {
  Ec2Mirror,
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
} from '../../../schemas/mirroring/account.ts';
import type { MirrorRequest, MirrorWorld } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRule } from '../../../schemas/mirroring/rules.ts';
import type { RecentChanges } from './recent-changes.ts';

export interface Observed {
  readonly ec2: Ec2Mirror;
  readonly account: string;
  /** Of the region: whose targets must be known. */
  readonly rules: readonly MirrorRule[];
  readonly requests: readonly MirrorRequest[];
  /** Sessions that we made: of one that is not there any more, the interface is asked for. */
  readonly made: readonly MadeSession[];
  readonly recent: RecentChanges;
  readonly now: () => number; // Unix ms
  /** Mbit/s of interfaces; asked for those with sessions of ours and those that may get one. */
  readonly mbps: (interfaces: readonly string[]) => Promise<ReadonlyMap<string, number>>;
}

const targetsOf = (rules: readonly MirrorRule[]): ReadonlySet<string> =>
  new Set(rules.flatMap(({ target }) => (target.by === 'id' ? target.ids : [])));

/** Interfaces that matter whoever asks: where our sessions begin, and where rules and we send packets to. */
const standing = (
  sessions: readonly MirrorSession[],
  targets: readonly MirrorTarget[],
  rules: readonly MirrorRule[],
): readonly string[] => {
  const ours = sessions.filter(isOurs);
  const named = new Set([...targetsOf(rules), ...ours.map(({ target }) => target)]);
  return [
    ...ours.map((session) => session.interface),
    ...targets.filter((target) => named.has(target.id) || isOurs(target)).flatMap((target) => target.interface ?? []),
  ];
};

const asked = (
  requests: readonly MirrorRequest[],
): { readonly instances: string[]; readonly interfaces: string[] } => ({
  instances: requests.flatMap(({ instances, finding }) => [...instances, ...(finding?.instances ?? [])]),
  interfaces: requests.flatMap(({ finding, neighbours }) => [
    ...(finding?.interfaces.map(({ id }) => id) ?? []),
    ...(finding?.localInterfaces ?? []),
    ...neighbours.map((neighbour) => neighbour.interface),
  ]),
});

/** Those of `ids` that are not in `known`, each once, in order. */
const missing = (ids: readonly string[], known: ReadonlyMap<string, unknown>): readonly string[] =>
  [...new Set(ids)].filter((id) => !known.has(id)).toSorted();

/**
 * Reads the region: at most four kinds of read at once, then what they name. Instances and interfaces that EC2 does not
 * know are absent. Rejects with VF_SERVICE when a read fails.
 */
export const observe = async (observed: Observed): Promise<MirrorWorld> => {
  const { ec2, account, rules, requests, made, recent, now, mbps } = observed;
  const [readSessions, readTargets, filters, readManaged] = await Promise.all([
    ec2.sessions(),
    ec2.targets(),
    ec2.filters(),
    ec2.managedInstances(),
  ]);
  const time = now();
  recent.passed(time);
  const sessions = recent.sessions(readSessions);
  const targets = recent.targets(readTargets);
  const managedInstances = recent.instances(readManaged);

  const instances = new Map<string, MirrorInstance>();
  const interfaces = new Map<string, MirrorInterface>();
  const know = (found: readonly MirrorInstance[]): void => {
    for (const instance of found) {
      instances.set(instance.id, instance);
      for (const one of instance.interfaces) interfaces.set(one.id, one);
    }
  };
  const fetch = async (ids: readonly string[]): Promise<void> => {
    const wanted = missing(ids, instances);
    if (wanted.length > 0) know(await ec2.instances(wanted));
  };

  know(managedInstances);
  const questions = asked(requests);
  await fetch(questions.instances);
  const there = new Set(sessions.map(({ id }) => id));
  const vanished = made.filter((one) => !there.has(one.session_id)).map((one) => one.interface_id);
  const named = [...questions.interfaces, ...standing(sessions, targets, rules), ...vanished];
  const unknown = missing(named, interfaces);
  if (unknown.length > 0) for (const one of await ec2.interfaces(unknown)) interfaces.set(one.id, one);
  await fetch([...interfaces.values()].flatMap(({ instance }) => instance ?? []));

  const measured = [...new Set([...interfaces.keys(), ...sessions.filter(isOurs).map((one) => one.interface)])];
  return {
    ...{ account, region: ec2.region, now: time, instances, interfaces, sessions, targets, managedInstances },
    filters: new Map(filters.map((filter) => [filter.id, filter])),
    mbps: await mbps(measured.toSorted()),
  };
};
