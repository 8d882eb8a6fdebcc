// Turns what a caller takes for a key into a key that every store can hold, or refuses it; and orders keys.
import { VpcflowError } from '../../../schemas/errors.ts';

/** Says which layout a store has; every store that was written whole has it. */
export const LAYOUT_KEY = 'store.json';

export const MAX_KEY_BYTES = 1024; // of the whole key, S3's limit
export const MAX_SEGMENT_BYTES = 255; // the limit of a file name

const refuse = (key: string, why: string): never => {
  throw new VpcflowError('VF_STORE_KEY', `${JSON.stringify(key.slice(0, 200))} cannot be a key of a store: ${why}`);
};

/** What is wrong with one `/`-separated piece of a key, or null. */
const segmentFault = (segment: string, first: boolean): string | null => {
  if (segment === '') return 'it has an empty part';
  if (segment === '.' || segment === '..') return `it has the part ${segment}`;
  if (first && segment.startsWith('.'))
    return 'its first part begins with a dot, which is kept for state beside a store';
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a part is longer than ${MAX_SEGMENT_BYTES} bytes`;
  return null;
};

/** What is wrong with the characters or the length of a key or a prefix, or null. */
const textFault = (text: string): string | null => {
  if (!text.isWellFormed()) return 'it is not well-formed Unicode';
  if (/\p{Cc}/u.test(text)) return 'it has a control character';
  if (text.includes('\\')) return 'it has a backslash';
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} bytes`;
  return null;
};

/** Throws VF_STORE_KEY unless `key` is a relative path of plain segments that any store can hold. */
export const checkKey = (key: string): void => {
  const fault =
    textFault(key) ??
    key
      .split('/')
      .map((segment, i) => segmentFault(segment, i === 0))
      .find((f) => f !== null) ??
    null;
  if (fault !== null) refuse(key, fault);
};

/** The same for the beginning of a key, which may stop anywhere inside a segment. */
export const checkPrefix = (prefix: string): void => {
  const segments = prefix.split('/');
  const last = segments.length - 1;
  const fault =
    textFault(prefix) ??
    segments
      .slice(0, last)
      .map((segment, i) => segmentFault(segment, i === 0))
      .find((f) => f !== null) ??
    null;
  if (fault !== null) refuse(prefix, fault);
};

const SURROGATES = /[\ud800-\uffff]/;

/** Orders keys by their UTF-8 bytes, which is S3's order; JavaScript's own differs past U+FFFF. */
export const compareKeys = (a: string, b: string): number => {
  if (SURROGATES.test(a) && SURROGATES.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
};
