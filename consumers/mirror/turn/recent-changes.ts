// Turns the answers of calls into what reads must show already: EC2's reads may lag behind its changes by seconds.
//
//   a create that was answered, and a read that does not list it yet -> it is there
//   a delete that was answered, and a read that still lists it       -> it is not there
//
// Nothing is decided by it that EC2's tags do not say a minute later: a worker that is started anew does without.
import { READ_LAG } from '../../../pipeline/mirror-plan/limits.ts';
import type {
  MirrorAnswer,
  MirrorInstance,
  MirrorSession,
  MirrorTarget,
  Tags,
} from '../../../schemas/mirroring/account.ts';
import type { MirrorAction } from '../../../schemas/mirroring/plan.ts';

export type Made = MirrorSession | MirrorTarget | MirrorInstance | null;

interface Change {
  readonly at: number; // Unix ms
  /** What was made; null where an id that was there before was changed. */
  readonly session: MirrorSession | null;
  readonly target: MirrorTarget | null;
  readonly instance: MirrorInstance | null;
  readonly gone: boolean;
  readonly tags: Tags;
  readonly untagged: readonly string[];
}

const UNCHANGED = { session: null, target: null, instance: null, gone: false, tags: {}, untagged: [] };

interface Listed {
  readonly id: string;
  readonly tags: Tags;
}

/** What an id has gone through so far, and one call more. `made`: what the kind of the action says. */
const changed = (before: Omit<Change, 'at'>, action: MirrorAction, made: Made): Omit<Change, 'at'> => {
  switch (action.kind) {
    case 'create-session':
      return { ...before, session: made as MirrorSession, gone: false };
    case 'create-target':
      return { ...before, target: made as MirrorTarget, gone: false };
    case 'run-instance':
      return { ...before, instance: made as MirrorInstance, gone: false };
    case 'delete-session':
    case 'delete-target':
    case 'terminate-instance':
      return { ...before, gone: true };
    case 'set-tags': {
      const untagged = before.untagged.filter((key) => !(key in action.tags));
      return { ...before, tags: { ...before.tags, ...action.tags }, untagged };
    }
    case 'remove-tags': {
      const tags = Object.entries(before.tags).filter(([key]) => !action.keys.includes(key));
      return {
        ...before,
        tags: Object.fromEntries(tags),
        untagged: [...new Set([...before.untagged, ...action.keys])],
      };
    }
  }
};

/** The changes of one region of one process. One that somebody else undid meanwhile is seen as much later. */
export class RecentChanges {
  readonly #changes = new Map<string, Change>();

  /** What the call changed, by its answer at `at`. A refusal forgets what was thought of its subject. */
  answered(action: MirrorAction, answer: MirrorAnswer<Made>, at: number): void {
    const id = 'id' in action ? action.id : answer.ok ? (answer.value?.id ?? null) : null;
    if (id === null) return;
    if (answer.ok) this.#changes.set(id, { ...changed(this.#changes.get(id) ?? UNCHANGED, action, answer.value), at });
    else this.#changes.delete(id);
  }

  /** Of a read that ended at `now`: what is older than READ_LAG is forgotten. */
  passed(now: number): void {
    for (const [id, { at }] of this.#changes) if (now - at > READ_LAG || at > now) this.#changes.delete(id);
  }

  sessions(read: readonly MirrorSession[]): readonly MirrorSession[] {
    return this.#seen(read, ({ session }) => session);
  }

  targets(read: readonly MirrorTarget[]): readonly MirrorTarget[] {
    return this.#seen(read, ({ target }) => target);
  }

  /** An instance that was terminated is listed for a while: as one that shuts down. */
  instances(read: readonly MirrorInstance[]): readonly MirrorInstance[] {
    const known = new Set(read.map(({ id }) => id));
    const made = [...this.#changes.values()].flatMap(({ instance, gone }) =>
      instance === null || gone || known.has(instance.id) ? [] : [instance],
    );
    return [...read, ...made].map((instance) => {
      const change = this.#changes.get(instance.id);
      if (change === undefined) return instance;
      const ends = change.gone && instance.state !== 'terminated';
      return { ...this.#tagged(instance), ...(ends ? { state: 'shutting-down' as const } : {}) };
    });
  }

  #seen<T extends Listed>(read: readonly T[], madeOf: (change: Change) => T | null): readonly T[] {
    const known = new Set(read.map(({ id }) => id));
    const made = [...this.#changes.values()].map(madeOf).filter((one) => one !== null && !known.has(one.id));
    return [...read, ...made.filter((one) => one !== null)]
      .filter(({ id }) => this.#changes.get(id)?.gone !== true)
      .map((one) => this.#tagged(one));
  }

  #tagged<T extends Listed>(one: T): T {
    const change = this.#changes.get(one.id);
    if (change === undefined) return one;
    const kept = Object.entries({ ...one.tags, ...change.tags }).filter(([key]) => !change.untagged.includes(key));
    return { ...one, tags: Object.fromEntries(kept) };
  }
}
