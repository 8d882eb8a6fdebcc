// Turns a listing into work on what it lists: it runs ahead as far as it is allowed, and so many objects are at work at once.

/** The same items; up to `most` of them are taken from `items` before they are asked for, so that a total is known early. */
export async function* runAhead<T>(items: AsyncIterable<T>, most: number): AsyncGenerator<T> {
  let [front, back]: [T[], T[]] = [[], []]; // the next one is the last of the front
  let end: { readonly error?: unknown } | null = null;
  let stopped = false;
  let wakeReader = (): void => {};
  let wakeLister = (): void => {};
  const list = async (): Promise<void> => {
    for await (const item of items) {
      back.push(item);
      wakeReader();
      while (front.length + back.length >= most && !stopped) {
        await new Promise<void>((resolve) => {
          wakeLister = resolve;
        });
      }
      if (stopped) return;
    }
  };
  const ended = (how: { readonly error?: unknown }): void => {
    end = how;
    wakeReader();
  };
  list().then(
    () => ended({}),
    (error) => ended({ error }),
  );
  try {
    for (;;) {
      if (front.length === 0) [front, back] = [back.reverse(), []];
      if (front.length > 0) {
        const [item] = front.splice(-1);
        wakeLister();
        yield item;
      } else if (end !== null) {
        if ('error' in end) throw (end as { readonly error: unknown }).error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
    }
  } finally {
    stopped = true;
    wakeLister();
  }
}

/** What the promise resolves to; undefined when the signal aborts before. */
const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

/**
 * Takes an item when there is room for one more, until the signal aborts or `work` rejects; then it resolves or rejects
 * at once, and what is under way is the caller's to end.
 */
export const forEachAtMost = async <T>(
  items: AsyncIterable<T>,
  atOnce: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const under = new Set<Promise<void>>();
  const failure = new AbortController(); // its reason is what `work` rejected with
  const stopped = AbortSignal.any([signal, failure.signal]);
  const begin = (item: T): void => {
    const one = work(item)
      .catch((error) => failure.abort(error))
      .finally(() => under.delete(one));
    under.add(one);
  };
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await unlessAborted(iterator.next(), stopped);
    if (next === undefined || next.done === true) break;
    begin(next.value);
    while (under.size >= atOnce && !stopped.aborted) await unlessAborted(Promise.race(under), stopped);
  }
  while (under.size > 0 && !stopped.aborted) await unlessAborted(Promise.race(under), stopped);
  iterator.return?.().catch(() => {}); // not waited for: it may itself be waiting for what never comes
  if (failure.signal.aborted) throw failure.signal.reason;
};
