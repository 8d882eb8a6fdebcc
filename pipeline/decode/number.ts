// Turns the decimal digits of a token into a number, exactly.

const ZERO = 0x30;

/** The largest number that a field may hold, 2^53 - 1: past it JavaScript numbers are not exact. */
export const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

/**
 * Reads decimal digits, and nothing else: no sign, no fraction, no exponent. It ends at the first other byte, which the
 * caller looks at.
 *
 * @returns the position after the digits, and in `out[at]` the number; -1 when there is no digit at `pos` or the number
 * is larger than `max` (at most MAX_NUMBER).
 */
export function scanNumber(
  buf: Uint8Array,
  pos: number,
  end: number,
  max: number,
  out: Float64Array,
  at: number,
): number {
  if (pos >= end) return -1;
  let digit = buf[pos] - ZERO;
  if (digit < 0 || digit > 9) return -1;
  let small = digit;
  let p = pos + 1;
  const stop = Math.min(pos + 9, end); // nine digits fit an int32
  while (p < stop) {
    digit = buf[p] - ZERO;
    if (digit < 0 || digit > 9) break;
    small = (small * 10 + digit) | 0;
    p++;
  }
  let value = small;
  if (p === stop) {
    for (; p < end; p++) {
      digit = buf[p] - ZERO;
      if (digit < 0 || digit > 9) break;
      // Exact up to max; what is rounded is already larger.
      value = value * 10 + digit;
      if (value > max) return -1;
    }
  }
  if (value > max) return -1;
  out[at] = value;
  return p;
}
