// Turns a store whose calls may hang into one whose every call ends: with its result, or in time with an error.
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';

/**
 * Longer than the S3 client goes on with a request that nobody answers, so that its own errors, which say more, come
 * first; and short enough that the worker ends with the reason long before the daemon's `timeoutInSeconds` halts it
 * without one.
 */
const ANSWER_WITHIN = 120_000; // ms
/** The slowest line that counts as working: what a put sends gives it this much more time. */
const BYTES_PER_MS = 1_000; // 1 MB/s: a digest of 64 MiB has three minutes

/**
 * The same store, but a call (of `list`: an item) that has not settled after `ms` rejects with VF_STORE_UNREACHABLE. It
 * is abandoned, not undone: it may still take effect, as with a worker that died at that moment, so the caller has to
 * end. Whatever it settles with afterwards is dropped.
 */
export const withDeadline = (store: ObjectStore, clock: Clock, ms: number = ANSWER_WITHIN): ObjectStore => {
  // Settles once, with whichever comes first.
  const within = <T>(doing: string, limit: number, call: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const settled = new AbortController();
      call().then(
        (result) => {
          settled.abort(); // the timer goes with the call
          resolve(result);
        },
        (error: unknown) => {
          settled.abort();
          reject(error);
        },
      );
      clock.sleep(limit, settled.signal).then(() => {
        if (settled.signal.aborted) return;
        const seconds = Math.round(limit / 100) / 10;
        reject(
          new VpcflowError(
            'VF_STORE_UNREACHABLE',
            `${store.uri}: cannot ${doing}: it did not answer within ${seconds} s`,
          ),
        );
      }, reject);
    });

  async function* list(prefix: string, options?: { readonly after?: string }): AsyncIterable<ListedObject> {
    const objects = store.list(prefix, options)[Symbol.asyncIterator]();
    const doing = `list ${prefix === '' ? 'it' : prefix}`;
    try {
      for (;;) {
        const next = await within(doing, ms, () => objects.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      // Not awaited: behind an item that never comes this would not settle either.
      objects.return?.().catch(() => undefined);
    }
  }

  return {
    uri: store.uri,
    put: (key, body, condition) =>
      within(`write ${key}`, ms + body.length / BYTES_PER_MS, () => store.put(key, body, condition)),
    get: (key, options) => within(`read ${key}`, ms, () => store.get(key, options)),
    list,
    remove: (key) => within(`remove ${key}`, ms, () => store.remove(key)),
  };
};
