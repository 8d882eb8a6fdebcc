// Finds the name that was meant where another was written.

const LONGEST = 40; // characters of a name that is worth comparing

/**
 * The known name with the fewest letters to change (at most a third of them, and one in any case), else one that begins
 * so; null without one. Case is no matter, and `-` is `_`.
 */
export function nearest(written: string, names: Iterable<string>): string | null {
  if (written.length > LONGEST) return null;
  const given = plain(written);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of names) {
    const steps = distance(given, plain(name));
    if (steps < least) [best, least] = [name, steps];
  }
  if (best !== null || given.length < 3) return best;
  return [...names].find((name) => plain(name).startsWith(given)) ?? null;
}

const plain = (name: string): string => name.toLowerCase().replaceAll('-', '_');

/** `did you mean dstport?`, as the beginning of what to do; '' where no known name is near. */
export function didYouMean(written: string, names: readonly string[]): string {
  const meant = nearest(written, names);
  return meant === null ? '' : `did you mean ${meant}?`;
}

/** Letters to insert, remove, replace or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) steps = Math.min(steps, before[j - 2] + 1);
      row.push(steps);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length];
}
