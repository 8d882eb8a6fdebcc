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
const PLANNED_PAGE = 'planned';
/** How long what was read of the real account serves the checks of changes: its own changes are seldom and not ours. */
const FRESH_MS = 10_000;

export class PlannedEc2Mirror implements Ec2Mirror {
  readonly region: string;
  readonly #reader: Ec2Reader;
  readonly #overlay: OverlayObject;
  readonly #clock: Clock;
  readonly #sessions: Recent<readonly MirrorSession[]>;
  readonly #targets: Recent<readonly MirrorTarget[]>;
  readonly #filters: Recent<readonly MirrorFilter[]>;

  /** `reader`: the real account, of which nothing but reads is ever asked. The overlay is an object of `store`. */
  constructor(reader: Ec2Reader, store: ObjectStore, clock: Clock) {
    this.region = reader.region;
    this.#reader = reader;
    this.#overlay = new OverlayObject(store, clock);
    this.#clock = clock;
    this.#sessions = new Recent(() => reader.sessions(), clock);
    this.#targets = new Recent(() => reader.targets(), clock);
    this.#filters = new Recent(() => reader.filters(), clock);
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
    const real = await this.#sessions.read();
    return [...merged(overlay, 'session', real), ...overlay.sessions.map(({ session }) => session)];
  }

  async targets(): Promise<readonly MirrorTarget[]> {
    const overlay = await this.#load();
    const real = await this.#targets.read();
    return [...merged(overlay, 'target', real), ...overlay.targets.map(({ target }) => target)];
  }

  filters(): Promise<readonly MirrorFilter[]> {
    return this.#filters.read();
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
    return await this.#overlay.change(await this.#key(), change);
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
    const real = { sessions: await this.#sessions.fresh(), targets: await this.#targets.fresh() };
    const targets = [...merged(overlay, 'target', real.targets), ...overlay.targets.map(({ target }) => target)];
    const host = targets.find(({ id }) => id === about.target)?.interface ?? null;
    const interfaces = await this.#interfaces(overlay, [...(about.interfaces ?? []), ...(host === null ? [] : [host])]);
    const hosts = interfaces.flatMap(({ instance }) => (instance === null ? [] : [instance]));
    const instances = await this.#instances(overlay, [...(about.instances ?? []), ...hosts]);
    return {
      sessions: [...merged(overlay, 'session', real.sessions), ...overlay.sessions.map(({ session }) => session)],
      targets,
      filters: about.target === undefined ? [] : await this.#filters.fresh(),
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

/** One listing of the real account, kept for a moment. */
class Recent<T> {
  readonly #ask: () => Promise<T>;
  readonly #clock: Clock;
  #last: { readonly value: T; readonly at: number } | null = null;

  constructor(ask: () => Promise<T>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  async read(): Promise<T> {
    const at = this.#clock.now();
    const value = await this.#ask();
    this.#last = { value, at };
    return value;
  }

  async fresh(): Promise<T> {
    const last = this.#last;
    if (last !== null && this.#clock.now() - last.at < FRESH_MS) return last.value;
    return await this.read();
  }
}
