// Turns the percent-encoded bytes of a tag value into the bytes of the value itself.
import { isUtf8 } from 'node:buffer';
import { hexDigit } from './hex.ts';

const PERCENT = 0x25;

/**
 * Decodes `buf[start, end)` (UTF-8 itself) to `out`, which needs room for as many bytes. A `%` that no two hex digits
 * follow is kept as it is; so is the whole value when its escapes do not spell UTF-8.
 *
 * @returns how many bytes of `out` the value has.
 */
export function percentDecode(buf: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let length = 0;
  let ascii = true;
  for (let p = start; p < end; p++) {
    let byte = buf[p];
    if (byte === PERCENT && p + 2 < end) {
      const decoded = (hexDigit(buf[p + 1]) << 4) | hexDigit(buf[p + 2]); // negative if either is no digit
      if (decoded >= 0) {
        byte = decoded;
        p += 2;
      }
    }
    if (byte >= 0x80) ascii = false;
    out[length++] = byte;
  }
  if (ascii || isUtf8(out.subarray(0, length))) return length;
  out.set(buf.subarray(start, end));
  return end - start;
}
