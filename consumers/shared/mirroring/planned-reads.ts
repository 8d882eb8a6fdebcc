// Turns a real account and what was planned over it into the account as it would be, for whoever reads it or checks a change.
import { asPlanned, type Overlay } from '../../../pipeline/mirror-planned/overlay.ts';
import { plannedInstances, type SubnetPlace } from '../../../pipeline/mirror-planned/planned-instances.ts';
import type { PlannedView } from '../../../pipeline/mirror-planned/planned-sessions.ts';
import type { Clock } from '../../../schemas/clock.ts';
import {
  type Ec2Mirror,
  type MirrorFilter,
  type MirrorInstance,
  type MirrorInterface,
  type MirrorSession,
  type MirrorTarget,
  TAG,
  type Tags,
} from '../../../schemas/mirroring/account.ts';
import { RecentReads } from './recent-reads.ts';

type Reads = 'instances' | 'instancePage' | 'managedInstances' | 'interfaces' | 'sessions' | 'targets' | 'filters';

/** What plan mode needs of an account: nothing that changes it. */
export type Ec2Reader = Pick<Ec2Mirror, Reads | 'region' | 'account' | 'close'>;

/** As it is, or as it was a moment ago. */
type How = 'read' | 'fresh';

/** What a change is about. */
export interface Subject {
  /** Stands for its interface and that interface's instance, too. */
  readonly target?: string;
  readonly interfaces?: readonly string[];
  readonly instances?: readonly string[];
}

const PAGE = 200;
/** Continues a listing after the last page of the real account. */
const PLANNED_PAGE = 'vpcflow-planned-';

/** Things of the real account as the plan has them: without those that would be gone, with the tags that they would have. */
const merged = <T extends { readonly id: string; readonly tags: Tags }>(
  overlay: Overlay,
  kind: 'session' | 'target' | 'instance',
  real: readonly T[],
): readonly T[] => real.map((one) => asPlanned(overlay, kind, one)).filter((one) => one !== null);

export class PlannedReads {
  readonly #reader: Ec2Reader;
  readonly #clock: Clock;
  readonly #recent: RecentReads;

  constructor(reader: Ec2Reader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
    this.#recent = new RecentReads(reader, clock);
  }

  async instances(overlay: Overlay, ids: readonly string[], how: How = 'read'): Promise<readonly MirrorInstance[]> {
    const wanted = new Set(ids);
    const planned = this.#planned(overlay).filter(({ id }) => wanted.delete(id));
    const real = await this.#recent.instances[how]([...wanted]);
    return [...merged(overlay, 'instance', real), ...planned];
  }

  async instancePage(overlay: Overlay, next: string | null): ReturnType<Ec2Mirror['instancePage']> {
    const running = this.#planned(overlay).filter(({ state }) => state === 'running');
    if (next?.startsWith(PLANNED_PAGE)) {
      const from = Number(next.slice(PLANNED_PAGE.length));
      const more = from + PAGE < running.length;
      return { instances: running.slice(from, from + PAGE), next: more ? `${PLANNED_PAGE}${from + PAGE}` : null };
    }
    const page = await this.#reader.instancePage(next);
    const isEnd = page.next === null && running.length > 0;
    return { instances: merged(overlay, 'instance', page.instances), next: isEnd ? `${PLANNED_PAGE}0` : page.next };
  }

  async managedInstances(overlay: Overlay): Promise<readonly MirrorInstance[]> {
    const real = merged(overlay, 'instance', await this.#reader.managedInstances());
    return [...real, ...this.#planned(overlay)].filter(({ tags }) => tags[TAG.managed] === 'true');
  }

  async interfaces(overlay: Overlay, ids: readonly string[], how: How = 'read'): Promise<readonly MirrorInterface[]> {
    const wanted = new Set(ids);
    const ports = this.#planned(overlay).flatMap(({ interfaces }) => interfaces);
    const planned = ports.filter(({ id }) => wanted.delete(id));
    return [...(await this.#recent.interfaces[how]([...wanted])), ...planned];
  }

  async sessions(overlay: Overlay, how: How = 'read'): Promise<readonly MirrorSession[]> {
    const real = await this.#recent.sessions[how]();
    const gone = await this.#goneSources(overlay);
    const planned = overlay.sessions.map(({ session }) => session).filter((one) => !gone.has(one.interface));
    return [...merged(overlay, 'session', real), ...planned];
  }

  async targets(overlay: Overlay, how: How = 'read'): Promise<readonly MirrorTarget[]> {
    const real = await this.#recent.targets[how]();
    return [...merged(overlay, 'target', real), ...overlay.targets.map(({ target }) => target)];
  }

  filters(): Promise<readonly MirrorFilter[]> {
    return this.#recent.filters.read();
  }

  /** What a change is checked against. */
  async view(overlay: Overlay, about: Subject = {}): Promise<PlannedView> {
    const targets = await this.targets(overlay, 'fresh');
    const host = targets.find(({ id }) => id === about.target)?.interface ?? null;
    const ports = [...(about.interfaces ?? []), ...(host === null ? [] : [host])];
    const interfaces = await this.interfaces(overlay, ports, 'fresh');
    const hosts = interfaces.flatMap(({ instance }) => (instance === null ? [] : [instance]));
    const instances = await this.instances(overlay, [...(about.instances ?? []), ...hosts], 'fresh');
    return {
      sessions: await this.sessions(overlay, 'fresh'),
      targets,
      filters: about.target === undefined ? [] : await this.#recent.filters.fresh(),
      interfaces: new Map(interfaces.map((one) => [one.id, one])),
      instances: new Map(instances.map((one) => [one.id, one])),
    };
  }

  /** The overlay without what is about things that the real account has no more. */
  async withoutPast(overlay: Overlay): Promise<Overlay> {
    const [sessions, targets] = [await this.#recent.sessions.fresh(), await this.#recent.targets.fresh()];
    const there = { session: new Set(sessions.map(({ id }) => id)), target: new Set(targets.map(({ id }) => id)) };
    const gone = await this.#goneSources(overlay);
    return {
      ...overlay,
      sessions: overlay.sessions.filter(({ session }) => !gone.has(session.interface)),
      overrides: overlay.overrides.filter(({ kind, id }) => kind === 'instance' || there[kind].has(id)),
    };
  }

  /** Where a subnet lies is known by who is in it: the instances that run are looked through. */
  async placeOf(subnet: string): Promise<SubnetPlace> {
    for (let next: string | null = null; ; ) {
      const page = await this.#reader.instancePage(next);
      const inside = page.instances.flatMap(({ interfaces }) => interfaces).find((one) => one.subnet === subnet);
      if (inside !== undefined) return { vpc: inside.vpc, zone: inside.zone };
      if (page.next === null) return { vpc: '', zone: '' };
      next = page.next;
    }
  }

  #planned(overlay: Overlay): readonly MirrorInstance[] {
    return plannedInstances(overlay, this.#clock.now());
  }

  /** Sources of planned sessions that are not there: EC2 deletes the sessions of an interface with it. */
  async #goneSources(overlay: Overlay): Promise<ReadonlySet<string>> {
    const gone = new Set(overlay.sessions.map(({ session }) => session.interface));
    for (const { id } of await this.interfaces(overlay, [...gone], 'fresh')) gone.delete(id);
    return gone;
  }
}
