// Turns a file of access keys into digests, and a key that was given into yes or no, in a time that tells nothing.
import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of each key: equal in length, as a comparison in constant time has to have it. */
export type AccessKeys = readonly Buffer[];

const digestOf = (key: Buffer): Buffer => createHash('sha256').update(key).digest();

/** One key a line; blank lines and those that begin with # are none, nor are blanks around a key part of it. */
export const parseAccessKeys = (text: string): AccessKeys =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((key) => digestOf(Buffer.from(key)));

/** Whether the key of a header is one of them. All are compared, whichever it is. */
export const isAccessKey = (keys: AccessKeys, header: string | undefined): boolean => {
  const given = digestOf(Buffer.from(header ?? '', 'latin1')); // as Node reads the bytes of a header
  let found = false;
  for (const key of keys) found = timingSafeEqual(key, given) || found;
  return found && header !== undefined;
};
