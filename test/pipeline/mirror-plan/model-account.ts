// A region of an account in memory that carries out plans, and throws where one goes beyond a limit of EC2.
import assert from 'node:assert/strict';
import { sourcesOfTarget } from '../../../pipeline/mirror-plan/targets/target-sizes.ts';
import type {
  MirrorFilter,
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
  NewInstance,
  NewSession,
  NewTarget,
  Tags,
} from '../../../schemas/mirroring/account.ts';
import type { MirrorAction, MirrorWorld } from '../../../schemas/mirroring/plan.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** What a region holds; interfaces are those of the instances, and `loose` ones. */
export interface Region {
  readonly now: number;
  readonly instances: readonly MirrorInstance[];
  readonly loose: readonly MirrorInterface[];
  readonly sessions: readonly MirrorSession[];
  readonly targets: readonly MirrorTarget[];
  readonly filters: readonly MirrorFilter[];
  readonly mbps: ReadonlyMap<string, number>;
}

const isManaged = ({ tags }: { readonly tags: Tags }): boolean => tags['vpcflow:managed'] === 'true';

/** Changes refuse nothing: what EC2 would refuse is a mistake of the plan, and throws. */
export class ModelAccount {
  now: number;
  readonly instances = new Map<string, MirrorInstance>();
  readonly interfaces = new Map<string, MirrorInterface>();
  readonly sessions = new Map<string, MirrorSession>();
  readonly targets = new Map<string, MirrorTarget>();
  readonly filters: Map<string, MirrorFilter>;
  readonly #mbps: ReadonlyMap<string, number>;
  readonly #tokens = new Map<string, { readonly asked: unknown; readonly id: string }>();
  #made = 0;

  constructor(region: Region) {
    this.now = region.now;
    for (const instance of region.instances) this.#know(instance);
    for (const one of region.loose) this.interfaces.set(one.id, one);
    for (const session of region.sessions) this.sessions.set(session.id, session);
    for (const target of region.targets) this.targets.set(target.id, target);
    this.filters = new Map(region.filters.map((filter) => [filter.id, filter]));
    this.#mbps = region.mbps;
  }

  #know(instance: MirrorInstance): void {
    this.instances.set(instance.id, instance);
    for (const one of instance.interfaces) this.interfaces.set(one.id, one);
  }

  world(): MirrorWorld {
    return {
      ...{ account: ACCOUNT, region: REGION, now: this.now, mbps: this.#mbps },
      ...{ instances: new Map(this.instances), interfaces: new Map(this.interfaces), filters: this.filters },
      ...{ sessions: [...this.sessions.values()], targets: [...this.targets.values()] },
      managedInstances: [...this.instances.values()].filter(isManaged),
    };
  }

  /** Target instances that were started run; whether there were any. */
  boot(): boolean {
    const started = [...this.instances.values()].filter((one) => one.state === 'pending' && isManaged(one));
    for (const one of started) this.#know({ ...one, state: 'running' });
    return started.length > 0;
  }

  carryOut(actions: readonly MirrorAction[]): void {
    for (const action of actions) this.#do(action);
  }

  #do(action: MirrorAction): void {
    switch (action.kind) {
      case 'create-session':
        this.#once(action.session, 'tms', (id) => this.#createSession(action.session, id));
        break;
      case 'create-target':
        this.#once(action.target, 'tmt', (id) => this.#createTarget(action.target, id));
        break;
      case 'run-instance':
        this.#once(action.instance, 'i', (id) => this.#run(action.instance, id));
        break;
      case 'delete-session':
        this.#owned(this.sessions, action.id);
        this.sessions.delete(action.id);
        break;
      case 'delete-target':
        this.#owned(this.targets, action.id);
        assert(![...this.sessions.values()].some(({ target }) => target === action.id), `${action.id} is in use`);
        this.targets.delete(action.id);
        break;
      case 'terminate-instance':
        this.#terminate(action.id);
        break;
      case 'set-tags':
        this.#retag(action.id, (tags) => ({ ...tags, ...action.tags }));
        break;
      case 'remove-tags':
        this.#retag(action.id, (tags) =>
          Object.fromEntries(Object.entries(tags).filter(([key]) => !action.keys.includes(key))),
        );
        break;
    }
  }

  /** The same token with the same parameters makes one thing; with others it is an IdempotentParameterMismatch. */
  #once(asked: { readonly token: string }, kind: string, make: (id: string) => void): void {
    assert.match(asked.token, /^[\x21-\x7e]{1,64}$/);
    const before = this.#tokens.get(asked.token);
    assert.deepEqual(asked, before?.asked ?? asked);
    if (before !== undefined) return;
    this.#made += 1;
    const id = `${kind}-${this.#made.toString(16).padStart(17, '0')}`;
    make(id);
    this.#tokens.set(asked.token, { asked, id });
  }

  #owned<T extends { readonly tags: Tags }>(all: ReadonlyMap<string, T>, id: string): T {
    const one = all.get(id);
    assert(one !== undefined, `${id} is not there`);
    assert(isManaged(one), `${id} is not ours`);
    return one;
  }

  #createSession({ token: _, description: __, ...asked }: NewSession, id: string): void {
    const source = this.interfaces.get(asked.interface);
    const target = this.targets.get(asked.target);
    const here = [...this.sessions.values()].filter((one) => one.interface === asked.interface);
    assert(source !== undefined && source.instance !== null && source.kind === 'interface', 'unsupported source');
    assert(!source.requesterManaged, 'a source of another service');
    assert(target !== undefined, `${asked.target} is not there`);
    assert(this.filters.has(asked.filter), `${asked.filter} is not there`);
    assert(![...this.targets.values()].some((one) => one.interface === source.id), `${source.id} is a target`);
    assert(here.length < 3, `a fourth session on ${source.id}`);
    assert(asked.number >= 1 && asked.number <= 32_766, `number ${asked.number}`);
    assert(!here.some(({ number }) => number === asked.number), `number ${asked.number} twice on ${source.id}`);
    assert(this.sessions.size < 10_000, 'more than 10,000 sessions');
    const sources = new Set(
      [...this.sessions.values()].filter((one) => one.target === target.id).map((s) => s.interface),
    );
    assert(sources.add(source.id).size <= this.#room(target), `${sources.size} sources on ${target.id}`);
    this.sessions.set(id, { ...asked, id });
  }

  #room({ kind, interface: id }: MirrorTarget): number {
    if (kind !== 'network-interface') return Infinity;
    const host = this.interfaces.get(id ?? '')?.instance ?? '';
    return sourcesOfTarget(this.instances.get(host)?.type ?? null);
  }

  #createTarget({ interface: on, tags }: NewTarget, id: string): void {
    assert(this.interfaces.has(on), `${on} is not there`);
    assert(![...this.targets.values()].some((one) => one.interface === on), `${on} is a target twice`);
    assert(![...this.sessions.values()].some((one) => one.interface === on), `${on} is a source`);
    this.targets.set(id, { id, kind: 'network-interface', interface: on, owner: ACCOUNT, tags });
  }

  #run({ instanceType: type, image, subnet, tags }: NewInstance, id: string): void {
    const where = { subnet, vpc: 'vpc-1', zone: zoneOf(subnet) };
    const port: MirrorInterface = {
      ...{ ...where, id: `eni-of-${id}`, instance: id, deviceIndex: 0, kind: 'interface', requesterManaged: false },
      addresses: ['10.9.9.9'],
    };
    this.#know({ ...where, id, type, image, tags, state: 'pending', launched: this.now, interfaces: [port] });
  }

  /** Its interfaces go with it, and the targets and sessions on them. */
  #terminate(id: string): void {
    const instance = this.#owned(this.instances, id);
    const gone = new Set(instance.interfaces.map((one) => one.id));
    for (const one of gone) this.interfaces.delete(one);
    for (const { id: target, interface: on } of this.targets.values())
      if (gone.has(on ?? '')) this.targets.delete(target);
    this.instances.set(id, { ...instance, state: 'terminated', interfaces: [] });
  }

  #retag(id: string, change: (tags: Tags) => Tags): void {
    for (const all of [this.sessions, this.targets, this.instances] as Map<string, { readonly tags: Tags }>[]) {
      if (!all.has(id)) continue;
      const one = this.#owned(all, id);
      all.set(id, { ...one, tags: change(one.tags) });
      return;
    }
    assert.fail(`${id} is not there`);
  }
}

/** `us-east-1b` of `subnet-b`. */
export const zoneOf = (subnet: string): string => `${REGION}${subnet.slice(-1)}`;
