// Finds out what keeps the server from answering questions: the store, the engine, the cache, or that it is ending.
import type { Clock } from '../../../schemas/clock.ts';
import { checkCacheDirectory } from '../../shared/query/cache/check-cache.ts';
import type { QueryService } from '../../shared/query/service.ts';
import { Readiness } from '../../shared/readiness.ts';

const STORE_MS = 4000;
/** An engine that is busy answers later: that is no failure of it. */
const ENGINE_MS = 3000;

class Unready extends Error {
  readonly parts: readonly string[];

  constructor(parts: readonly string[]) {
    super(parts.join());
    this.parts = parts;
  }
}

/** `cacheDirectory` is null where nothing is kept. Each answer is good for 15 s, and until `doubt`. */
export function readinessOf(query: QueryService, cacheDirectory: string | null, clock: Clock): Readiness {
  /** Settles with `work`, or after `ms` as `late` says. */
  const within = async (work: Promise<unknown>, ms: number, late: boolean): Promise<boolean> => {
    const settled = new AbortController();
    const timer = clock.sleep(ms, settled.signal).then(() => late);
    const done = work.then(
      () => true,
      () => false,
    );
    const answer = await Promise.race([done, timer]);
    settled.abort();
    return answer;
  };
  const list = async (): Promise<void> => {
    for await (const _ of query.store.list('watermarks/')) break;
  };
  const ask = async (): Promise<void> => {
    const { chunks } = await query.engine.run('SELECT 1');
    for await (const _ of chunks);
  };
  const probe = async (): Promise<void> => {
    const parts = {
      store: within(list(), STORE_MS, false),
      engine: within(ask(), ENGINE_MS, true),
      cache:
        cacheDirectory === null ? Promise.resolve(true) : within(checkCacheDirectory(cacheDirectory), STORE_MS, false),
    };
    const failed: string[] = [];
    for (const [part, works] of Object.entries(parts)) if (!(await works)) failed.push(part);
    if (failed.length > 0) throw new Unready(failed);
  };
  return new Readiness(clock, probe, 'unknown');
}

/** The names of what failed; empty where nothing did. */
export const partsOf = (failure: unknown): readonly string[] => {
  if (failure === null) return [];
  return failure instanceof Unready ? failure.parts : ['silent'];
};
