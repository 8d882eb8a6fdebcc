// Turns a sequence of keys into what is read under them: several reads under way at once, results in order.

/** Results of `work` in the order of `source`; at most `ahead` of them are under way or waiting to be taken. */
export async function* readAhead<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncIterable<R> {
  const under: Promise<R>[] = [];
  try {
    for await (const item of source) {
      const result = work(item);
      result.catch(() => undefined); // reported when its turn comes
      under.push(result);
      if (under.length >= ahead) {
        const first = under.shift();
        if (first !== undefined) yield await first;
      }
    }
    for (let first = under.shift(); first !== undefined; first = under.shift()) yield await first;
  } finally {
    await Promise.allSettled(under);
  }
}
