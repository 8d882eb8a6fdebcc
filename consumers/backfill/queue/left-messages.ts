// Keeps which messages are left on a queue and why, and turns that, or what else is still there, into one sentence.
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { VpcflowError } from '../../../schemas/errors.ts';

/** Why a message is left. */
export interface LeftMessage {
  /** Error codes, or what else it is; each once. */
  readonly kinds: readonly string[];
  readonly why: string;
  readonly objects: number; // that failed
}

/** A message that is set aside by the queue never comes again: so many are remembered, and the others counted. */
const REMEMBERED = 10_000;

export class LeftMessages {
  readonly #messages = new Map<string, LeftMessage>(); // by id, the last that was left at the end
  #forgotten = 0;

  add(id: string, message: LeftMessage): void {
    this.#messages.delete(id);
    const [oldest] = this.#messages.keys();
    if (oldest !== undefined && this.#messages.size >= REMEMBERED) {
      this.#messages.delete(oldest);
      this.#forgotten++;
    }
    this.#messages.set(id, message);
  }

  /** It was worked on after all. */
  remove(id: string): void {
    this.#messages.delete(id);
  }

  get count(): number {
    return this.#messages.size + this.#forgotten;
  }

  get failedObjects(): number {
    return [...this.#messages.values()].reduce((sum, { objects }) => sum + objects, 0);
  }

  /** How many messages there are of each kind, by name. */
  get kinds(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { kinds } of this.#messages.values())
      for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get last(): LeftMessage | null {
    return [...this.#messages.values()].at(-1) ?? null;
  }
}

/** What becomes of a message that is left, by whether the queue has a redrive policy (null: not known). */
const fate = (redrive: boolean | null): string => {
  if (redrive === null) return 'the queue delivers them again';
  return redrive
    ? 'the queue delivers them again, and sets them aside after as many times as its redrive policy says'
    : 'the queue, which has no redrive policy, delivers them again until they expire';
};

/** One sentence: how many are left, why, what becomes of them, what to do. */
export const leftSentence = (left: LeftMessages, redrive: boolean | null): string => {
  const kinds = [...left.kinds].map(([kind, count]) => `${kind} ${formatCount(count)}`);
  const are = left.count === 1 ? 'is' : 'are';
  return (
    `${formatMany(left.count, 'message')} ${are} left on the queue (${kinds.join(', ')}), the last one because ` +
    `${left.last?.why ?? ''}; ${fate(redrive)}: mend what the warnings above name, or delete them`
  );
};

/** Of messages: those that anybody can receive, and those that are kept from all but who received them. */
export interface OnQueue {
  readonly visible: number;
  readonly hidden: number;
}

/** One sentence about messages that this run was not given. */
export const remainingSentence = ({ visible, hidden }: OnQueue): string => {
  const total = visible + hidden;
  const they = total === 1 ? 'it' : 'they';
  return (
    `the queue is not empty: about ${formatMany(total, 'message')} could not be received (${formatCount(hidden)} hidden, ` +
    `${formatCount(visible)} not): another worker has ${total === 1 ? 'it' : 'them'}, or ${they} failed a while ago and ` +
    `${they} will be delivered again within 15 minutes; run it again then, and look at the queue's redrive policy if ${they} ` +
    `${total === 1 ? 'stays' : 'stay'}`
  );
};

/** Advice of an error for who reads objects as a queue tells of them: nobody lists, or runs it again. */
export const adviceOnQueue = (help: string): string =>
  help
    .replace(/, then run it again$/, ' before the queue delivers its message again')
    .replace(/: list again$/, ': delete its message, or let the redrive policy set it aside')
    .replace(/^run it again when it is there$/, 'it is read when the queue delivers its message again')
    .replace(/^run it again: .*$/, 'it is read again when the queue delivers its message again')
    .replace(/\brun (?:it|this) again\b/g, 'wait until the queue delivers its message again');

/** What happened; what to do on a queue. */
export const sentenceOnQueue = ({ message, help, code }: VpcflowError): string =>
  `${message}; ${adviceOnQueue(help)} (${code})`;

/** Seconds until a message that was left is delivered again: 30, and twice as many each time, up to 15 minutes. */
export const backOff = (received: number): number => Math.min(30 * 2 ** Math.max(0, received - 1), 900);
