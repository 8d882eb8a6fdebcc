// Turns a real account, which is only read, and an object in the store into an account in which plans are carried out.
import { asPlanned, type Overlay, overlayKey } from '../../../pipeline/planned-account/overlay.ts';
import {
  plannedInstances,
  runInstance,
  type SubnetPlace,
  terminateInstance,
} from '../../../pipeline/planned-account/planned-instances.ts';
import {
  type Change,
  createSession,
  deleteSession,
  type PlannedView,
} from '../../../pipeline/planned-account/planned-sessions.ts';
import { changeTags, createTarget, deleteTarget } from '../../../pipeline/planned-account/planned-targets.ts';
import type { Clock } from '../../../schemas/clock.ts';
import {
  type Ec2Mirror,
  type MirrorAnswer,
  type MirrorFilter,
  type MirrorInstance,
  type MirrorInterface,
  type MirrorSession,
  type MirrorTarget,
  type NewInstance,
  type NewSession,
  type NewTarget,
  TAG,
  type Tags,
} from '../../../schemas/mirroring/account.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { OverlayObject } from './overlay-object.ts';
import { RecentReads } from './recent-reads.ts';

/** What plan mode needs of an account: nothing that changes it. */
export type Ec2Reader = Pick<
  Ec2Mirror,
  | 'region'
  | 'account'
  | 'instances'
  | 'instancePage'
  | 'managedInstances'
  | 'interfaces'
  | 'sessions'
  | 'targets'
  | 'filters'
  | 'close'
>;

const PAGE = 200;
/** Continues a listing after the last page of the real account. */
const PLANNED_PAGE = 'vpcflow-planned-';

export class PlannedEc2Mirror implements Ec2Mirror {
  readonly region: string;
  readonly #reader: Ec2Reader;
  readonly #overlay: OverlayObject;
  readonly #clock: Clock;
  readonly #recent: RecentReads;

  /** `reader`: the real account, of which nothing but reads is ever asked. The overlay is an object of `store`. */
  constructor(reader: Ec2Reader, store: ObjectStore, clock: Clock) {
    this.region = reader.region;
    this.#reader = reader;
    this.#overlay = new OverlayObject(store, clock);
    this.#clock = clock;
    this.#recent = new RecentReads(reader, clock);
  }

  account(): Promise<string> {
    return this.#reader.account();
  }

  async instances(ids: readonly string[]): Promise<readonly MirrorInstance[]> {
    return await this.#instances(await this.#load(), ids);
  }

  async instancePage(
    next: string | null,
  ): Promise<{ readonly instances: readonly MirrorInstance[]; readonly next: string | null }> {
    const overlay = await this.#load();
    const running = plannedInstances(overlay, this.#clock.now()).filter(({ state }) => state === 'running');
    if (next?.startsWith(PLANNED_PAGE)) {
      const from = Number(next.slice(PLANNED_PAGE.length));
      const more = from + PAGE < running.length;
      return { instances: running.slice(from, from + PAGE), next: more ? `${PLANNED_PAGE}${from + PAGE}` : null };
    }
    const page = await this.#reader.instancePage(next);
    const isEnd = page.next === null && running.length > 0;
    return { instances: merged(overlay, 'instance', page.instances), next: isEnd ? `${PLANNED_PAGE}0` : page.next };
  }

  async managedInstances(): Promise<readonly MirrorInstance[]> {
    const overlay = await this.#load();
    const all = [
      ...merged(overlay, 'instance', await this.#reader.managedInstances()),
      ...plannedInstances(overlay, this.#clock.now()),
    ];
    return all.filter(({ tags }) => tags[TAG.managed] === 'true');
  }

  async interfaces(ids: readonly string[]): Promise<readonly MirrorInterface[]> {
    return await this.#interfaces(await this.#load(), ids);
  }

  async sessions(): Promise<readonly MirrorSession[]> {
    const overlay = await this.#load();
    const real = await this.#recent.sessions.read();
    return await this.#allSessions(overlay, real);
  }

  async targets(): Promise<readonly MirrorTarget[]> {
    const overlay = await this.#load();
    const real = await this.#recent.targets.read();
    return [...merged(overlay, 'target', real), ...overlay.targets.map(({ target }) => target)];
  }

  filters(): Promise<readonly MirrorFilter[]> {
    return this.#recent.filters.read();
  }

  createSession(request: NewSession): Promise<MirrorAnswer<MirrorSession>> {
    return this.#change(async (overlay) => {
      const view = await this.#view(overlay, { target: request.target, interfaces: [request.interface] });
      return createSession(overlay, view, request);
    });
  }

  deleteSession(id: string): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => deleteSession(overlay, await this.#view(overlay), id));
  }

  createTarget(request: NewTarget): Promise<MirrorAnswer<MirrorTarget>> {
    return this.#change(async (overlay) => {
      const view = await this.#view(overlay, { interfaces: [request.interface] });
      return createTarget(overlay, view, request, await this.account());
    });
  }

  deleteTarget(id: string): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => deleteTarget(overlay, await this.#view(overlay), id));
  }

  runInstance(request: NewInstance): Promise<MirrorAnswer<MirrorInstance>> {
    return this.#change(async (overlay) =>
      runInstance(overlay, request, await this.#placeOf(request.subnet), this.#clock.now()),
    );
  }

  terminateInstance(id: string): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => {
      const view = await this.#view(overlay, { instances: [id] });
      return terminateInstance(overlay, view, id, this.#clock.now());
    });
  }

  setTags(id: string, tags: Tags): Promise<MirrorAnswer<null>> {
    return this.#changeTags(id, tags);
  }

  removeTags(id: string, keys: readonly string[]): Promise<MirrorAnswer<null>> {
    return this.#changeTags(id, Object.fromEntries(keys.map((key) => [key, null])));
  }

  close(): void {
    this.#reader.close();
  }

  #changeTags(id: string, change: Readonly<Record<string, string | null>>): Promise<MirrorAnswer<null>> {
    return this.#change(async (overlay) => {
      const lists = await this.#view(overlay);
      const isListed = [...lists.sessions, ...lists.targets].some((one) => one.id === id);
      const view = isListed ? lists : await this.#view(overlay, { instances: [id] });
      return changeTags(overlay, view, id, change);
    });
  }

  async #change<T>(change: (overlay: Overlay) => Promise<Change<T>>): Promise<MirrorAnswer<T>> {
    return await this.#overlay.change(await this.#key(), async (overlay) => {
      const { overlay: after, answer } = await change(overlay);
      return { overlay: after === overlay ? overlay : await this.#withoutPast(after), answer };
    });
  }

  /** Without what is about things that the real account has no more. */
  async #withoutPast(overlay: Overlay): Promise<Overlay> {
    const [sessions, targets] = [await this.#recent.sessions.fresh(), await this.#recent.targets.fresh()];
    const there = { session: new Set(sessions.map(({ id }) => id)), target: new Set(targets.map(({ id }) => id)) };
    const gone = await this.#goneSources(overlay);
    return {
      ...overlay,
      sessions: overlay.sessions.filter(({ session }) => !gone.has(session.interface)),
      overrides: overlay.overrides.filter(({ kind, id }) => kind === 'instance' || there[kind].has(id)),
    };
  }

  /** Sources of planned sessions that are not there: EC2 deletes the sessions of an interface with it. */
  async #goneSources(overlay: Overlay): Promise<ReadonlySet<string>> {
    const own = new Set(overlay.instances.flatMap(({ instance }) => instance.interfaces.map(({ id }) => id)));
    const sources = overlay.sessions.map(({ session }) => session.interface).filter((id) => !own.has(id));
    return await this.#recent.missing(new Set(sources));
  }

  async #allSessions(overlay: Overlay, real: readonly MirrorSession[]): Promise<readonly MirrorSession[]> {
    const gone = await this.#goneSources(overlay);
    const planned = overlay.sessions.map(({ session }) => session).filter((one) => !gone.has(one.interface));
    return [...merged(overlay, 'session', real), ...planned];
  }

  async #key(): Promise<string> {
    return overlayKey(await this.account(), this.region);
  }

  async #load(): Promise<Overlay> {
    return await this.#overlay.read(await this.#key());
  }

  /** What a change is checked against; `target` stands for its interface and that interface's instance. */
  async #view(
    overlay: Overlay,
    about: {
      readonly target?: string;
      readonly interfaces?: readonly string[];
      readonly instances?: readonly string[];
    } = {},
  ): Promise<PlannedView> {
    const real = { sessions: await this.#recent.sessions.fresh(), targets: await this.#recent.targets.fresh() };
    const targets = [...merged(overlay, 'target', real.targets), ...overlay.targets.map(({ target }) => target)];
    const host = targets.find(({ id }) => id === about.target)?.interface ?? null;
    const interfaces = await this.#interfaces(overlay, [...(about.interfaces ?? []), ...(host === null ? [] : [host])]);
    const hosts = interfaces.flatMap(({ instance }) => (instance === null ? [] : [instance]));
    const instances = await this.#instances(overlay, [...(about.instances ?? []), ...hosts]);
    return {
      sessions: await this.#allSessions(overlay, real.sessions),
      targets,
      filters: about.target === undefined ? [] : await this.#recent.filters.fresh(),
      interfaces: new Map(interfaces.map((one) => [one.id, one])),
      instances: new Map(instances.map((one) => [one.id, one])),
    };
  }

  async #instances(overlay: Overlay, ids: readonly string[]): Promise<readonly MirrorInstance[]> {
    const wanted = new Set(ids);
    const planned = plannedInstances(overlay, this.#clock.now()).filter(({ id }) => wanted.has(id));
    for (const { id } of planned) wanted.delete(id);
    const real = wanted.size === 0 ? [] : await this.#reader.instances([...wanted]);
    return [...merged(overlay, 'instance', real), ...planned];
  }

  async #interfaces(overlay: Overlay, ids: readonly string[]): Promise<readonly MirrorInterface[]> {
    const wanted = new Set(ids);
    const all = plannedInstances(overlay, this.#clock.now()).flatMap(({ interfaces }) => interfaces);
    const planned = all.filter(({ id }) => wanted.has(id));
    for (const { id } of planned) wanted.delete(id);
    const real = wanted.size === 0 ? [] : await this.#reader.interfaces([...wanted]);
    return [...real, ...planned];
  }

  /** Where a subnet lies is known by who is in it: the instances that run are looked through. */
  async #placeOf(subnet: string): Promise<SubnetPlace> {
    for (let next: string | null = null; ; ) {
      const page = await this.#reader.instancePage(next);
      const inside = page.instances.flatMap(({ interfaces }) => interfaces).find((one) => one.subnet === subnet);
      if (inside !== undefined) return { vpc: inside.vpc, zone: inside.zone };
      if (page.next === null) return { vpc: '', zone: '' };
      next = page.next;
    }
  }
}

/** Things of the real account as the plan has them: without those that would be gone, with the tags that they would have. */
const merged = <T extends { readonly id: string; readonly tags: Tags }>(
  overlay: Overlay,
  kind: 'session' | 'target' | 'instance',
  real: readonly T[],
): readonly T[] => real.map((one) => asPlanned(overlay, kind, one)).filter((one) => one !== null);
