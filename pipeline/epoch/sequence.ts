// Sequence numbers are decimal integers of up to 56 digits: compared and decremented without losing a digit.

/** Negative, zero or positive as `a` is before, at or after `b`. Neither may have leading zeros. */
export const compareSequences = (a: string, b: string): number => {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
};

/** The number before `sequence`: nothing lies between the two. */
export const sequenceBefore = (sequence: string): string => String(BigInt(sequence) - 1n);
