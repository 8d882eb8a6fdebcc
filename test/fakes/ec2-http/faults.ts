// Turns what a test wants to go wrong into what happens to each call: an error, a cut connection, a delay, or nothing.
import type { Query } from './query.ts';

/** What goes wrong with the calls that it is about. */
export interface Fault {
  /** Without it: calls of every action. */
  readonly action?: string;
  readonly when?: (parameters: Readonly<Record<string, string>>) => boolean;
  /** How many calls; Infinity: until it is lifted. Once, where nothing is said. */
  readonly times?: number;
  /** EC2's code, with the status that EC2 gives with it unless another is said. The call changes nothing. */
  readonly error?: string;
  readonly status?: number;
  readonly message?: string;
  /** The connection is cut without an answer: `before` anything is done, or `after` the call has had its effect. */
  readonly cut?: 'before' | 'after';
  /** Waited for before the call has its effect: a pause, a gate, something that happens at that moment. */
  readonly meanwhile?: () => unknown;
}

export class Faults {
  #faults: { readonly fault: Fault; left: number }[] = [];

  /** @returns what lifts it. */
  inject(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? 1 };
    this.#faults.push(entry);
    return () => {
      this.#faults = this.#faults.filter((one) => one !== entry);
    };
  }

  /** The first that is about the call, which counts. */
  of({ action, parameters }: Query): Fault | null {
    const entry = this.#faults.find(
      ({ fault, left }) =>
        left > 0 && (fault.action ?? action) === action && (fault.when === undefined || fault.when(parameters)),
    );
    if (entry === undefined) return null;
    entry.left -= 1;
    return entry.fault;
  }

  /** Lifts all of them. */
  clear(): void {
    this.#faults = [];
  }
}
