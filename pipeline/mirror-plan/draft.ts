// A plan while it is made: the account as it was read, as the calls so far would leave it, and what stands in its way.
import {
  type MirrorFilter,
  type MirrorInstance,
  type MirrorInterface,
  type MirrorSession,
  type MirrorTarget,
  TAG,
} from '../../schemas/mirroring/account.ts';
import type {
  MirrorAction,
  MirrorDecision,
  MirrorObstacle,
  MirrorPlan,
  MirrorWorld,
} from '../../schemas/mirroring/plan.ts';
import { isOurs } from './owned.ts';

/** A session that is there, that a call of this plan makes, or that waits for its target and keeps its place meanwhile. */
export type DraftSession = Omit<MirrorSession, 'id' | 'target'> & {
  /** Null: it is not there yet. */
  readonly id: string | null;
  /** Null: it waits for one. */
  readonly target: string | null;
};

type Kind = MirrorAction['kind'];
export type ActionOf<K extends Kind> = Omit<Extract<MirrorAction, { kind: K }>, 'decision'>;
export type AnyAction = { [K in Kind]: ActionOf<K> }[Kind];

const EMPTY_DECISION = {
  ...{ request: null, instance: null, interface: null, rule: null, session: null, target: null, expires: null },
  neighbour: null,
} satisfies Partial<MirrorDecision>;

const NONE: ReadonlySet<DraftSession> = new Set();

const grouped = <T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> => Map.groupBy(list, keyOf);

export class Draft {
  readonly world: MirrorWorld;
  readonly targets: ReadonlyMap<string, MirrorTarget>;
  /** Ids of interfaces that are targets, anybody's. */
  readonly targetInterfaces: ReadonlySet<string>;
  readonly #obstacles: readonly MirrorObstacle[];
  readonly #interfaces = new Map<string, MirrorInterface>();
  readonly #byInterface: Map<string, DraftSession[]>;
  readonly #byTarget: Map<string, Set<DraftSession>>;
  readonly #decisions: MirrorDecision[] = [];
  readonly #actions: MirrorAction[] = [];
  /** Sessions of the account, and those of ours among them, in all and by rule. */
  #sessions = 0;
  #newTargets = 0;
  readonly #ours: Set<DraftSession>;
  readonly #byRule = new Map<string, number>();
  readonly #sources = new Map<string, number>();
  readonly #byId: ReadonlyMap<string, DraftSession>;

  constructor(world: MirrorWorld, obstacles: readonly MirrorObstacle[]) {
    this.world = world;
    this.#obstacles = obstacles;
    for (const instance of [...world.managedInstances, ...world.instances.values()]) {
      for (const one of instance.interfaces) this.#interfaces.set(one.id, one);
    }
    for (const one of world.interfaces.values()) this.#interfaces.set(one.id, one);
    const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);
    const targets = world.targets.filter(({ id }) => !this.isGone(id)).toSorted(byId);
    this.targets = new Map(targets.map((target) => [target.id, target]));
    this.targetInterfaces = new Set(world.targets.flatMap((target) => target.interface ?? []));
    const sessions: DraftSession[] = world.sessions
      .filter(({ id }) => !this.isGone(id))
      .toSorted((a, b) => a.number - b.number || byId(a, b));
    this.#byInterface = grouped(sessions, (session) => session.interface);
    const byTarget = grouped(sessions, (session) => session.target ?? '');
    this.#byTarget = new Map([...byTarget].map(([target, list]) => [target, new Set(list)]));
    this.#sessions = sessions.length;
    this.#ours = new Set(sessions.filter(isOurs));
    for (const session of this.#ours) this.#count(session, 1);
    this.#byId = new Map(sessions.map((session) => [session.id ?? '', session]));
  }

  /** What EC2 refused about the subject, in the rounds before; without a subject: about the whole account. */
  meets(what: MirrorObstacle['what'], ...subjects: readonly string[]): MirrorObstacle | null {
    const met = (one: MirrorObstacle) => one.what === what && subjects.every((s, i) => one.subjects[i] === s);
    return this.#obstacles.find(met) ?? null;
  }

  /** EC2 said so of a session or target that the read still had. */
  isGone(id: string): boolean {
    return this.meets('session-gone', id) !== null || this.meets('target-gone', id) !== null;
  }

  interface(id: string): MirrorInterface | null {
    return this.#interfaces.get(id) ?? null;
  }

  instance(id: string): MirrorInstance | null {
    return this.world.instances.get(id) ?? this.world.managedInstances.find((one) => one.id === id) ?? null;
  }

  filter(id: string): MirrorFilter | null {
    return this.meets('filter-gone', id) === null ? (this.world.filters.get(id) ?? null) : null;
  }

  /** Everybody's. */
  sessionsOn(networkInterface: string): readonly DraftSession[] {
    return this.#byInterface.get(networkInterface) ?? [];
  }

  sessionsTo(target: string): ReadonlySet<DraftSession> {
    return this.#byTarget.get(target) ?? NONE;
  }

  /** How many the account has, everybody's. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Targets that count towards the account's limit: those that others share with it do not. */
  get ownTargets(): number {
    const own = [...this.targets.values()].filter(({ owner }) => owner === '' || owner === this.world.account);
    return own.length + this.#newTargets;
  }

  /** Of ours, with those to come. */
  get ours(): ReadonlySet<DraftSession> {
    return this.#ours;
  }

  /** How many sessions of ours the rule made. */
  oursOf(rule: string): number {
    return this.#byRule.get(rule) ?? 0;
  }

  /** Interfaces with sessions of ours, how many each. */
  get sources(): ReadonlyMap<string, number> {
    return this.#sources;
  }

  decide(decision: Pick<MirrorDecision, 'outcome' | 'reason' | 'detail'> & Partial<MirrorDecision>): number {
    return this.#decisions.push({ ...EMPTY_DECISION, ...decision }) - 1;
  }

  decided(decision: number): MirrorDecision {
    return this.#decisions[decision];
  }

  /** A call, and what it would leave. */
  act(decision: number | null, action: AnyAction): void {
    this.#actions.push({ decision, ...action } as MirrorAction); // the members of one kind, put together again
    if (action.kind === 'create-target') this.#newTargets += 1;
    if (action.kind === 'delete-session') this.#release(action.id);
    if (action.kind !== 'create-session') return;
    this.#hold({ ...action.session, id: null });
  }

  /** A place among the limits for a session whose target is on its way: what is less wanted does not take it. */
  reserve(session: Omit<MirrorSession, 'id' | 'target'>): void {
    this.#hold({ ...session, id: null, target: null });
  }

  #hold(session: DraftSession): void {
    const { interface: source, target } = session;
    this.#sessions += 1;
    this.#ours.add(session);
    this.#count(session, 1);
    this.#byInterface.set(source, [...this.sessionsOn(source), session]);
    if (target === null) return;
    const held = this.#byTarget.get(target) ?? new Set();
    this.#byTarget.set(target, held.add(session));
  }

  #release(id: string): void {
    const session = this.#byId.get(id);
    if (session === undefined) return;
    const { interface: source, target } = session;
    this.#byInterface.set(
      source,
      this.sessionsOn(source).filter((one) => one !== session),
    );
    this.#byTarget.get(target ?? '')?.delete(session);
    this.#count(session, -1);
    this.#ours.delete(session);
    this.#sessions -= 1;
  }

  #count({ interface: source, tags }: DraftSession, change: 1 | -1): void {
    const rule = tags[TAG.rule] ?? '';
    this.#byRule.set(rule, this.oursOf(rule) + change);
    const held = (this.#sources.get(source) ?? 0) + change;
    if (held === 0) this.#sources.delete(source);
    else this.#sources.set(source, held);
  }

  /** Whether a call of this plan is the one that `wanted` looks for. */
  has(wanted: (action: MirrorAction) => boolean): boolean {
    return this.#actions.some(wanted);
  }

  plan(): MirrorPlan {
    return { decisions: this.#decisions, actions: this.#actions };
  }
}
