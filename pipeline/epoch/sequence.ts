// Sequence numbers are decimal integers of up to 56 digits: compared and parted without losing a digit.

/** Negative, zero or positive as `a` is before, at or after `b`. Neither may have leading zeros. */
export const compareSequences = (a: string, b: string): number => {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
};

/** A number strictly between two, or null where they are neighbours. The middle, so that it can be done often. */
export const sequenceBetween = (a: string, b: string): string | null => {
  const middle = (BigInt(a) + BigInt(b)) / 2n;
  return middle > BigInt(a) && middle < BigInt(b) ? String(middle) : null;
};
