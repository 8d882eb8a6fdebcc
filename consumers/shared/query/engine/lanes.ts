// Gives the steps of small and of large questions threads of their own, so that neither waits for the other's.
import { Gate } from '../../gate.ts';
import type { Lane, QueryPresent } from '../query-stats.ts';

/**
 * Threads of libuv (consumers/vpcflow.ts asks for eight). Each step holds one until it ends, and so does each access to
 * a file and each piece that is compressed, so that a quarter is left to those; a quarter runs large questions.
 */
export const threadsOf = (environment: Readonly<Record<string, string | undefined>>): number =>
  Math.max(4, Number(environment.UV_THREADPOOL_SIZE) || 4);

export class Lanes {
  readonly #gates: Readonly<Record<Lane, Gate>>;

  constructor(threads: number = threadsOf(process.env)) {
    const quarter = Math.floor(threads / 4);
    this.#gates = { small: new Gate(threads - 2 * quarter), large: new Gate(quarter) };
  }

  /** `begun`: of a query that holds something already. */
  pass<T>(lane: Lane, begun: boolean, step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#gates[lane].pass(step, signal, { begun });
  }

  get present(): Omit<QueryPresent, 'spillBytes'> {
    const { small, large } = this.#gates;
    return {
      running: { small: small.running, large: large.running },
      waiting: { small: small.waiting, large: large.waiting },
    };
  }
}
