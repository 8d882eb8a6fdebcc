// Turns the name of a worker into one of this process alone, by which its plans are called in the audit.
import { randomBytes } from 'node:crypto';

const LONGEST = 40; // characters of the worker's own name
const UNIQUE = 4; // bytes

/** Letters, digits and `_`: `web_1_example_9f3c21aa`. */
export const processName = (worker: string): string =>
  `${worker.replaceAll(/[^A-Za-z0-9]+/g, '_').slice(0, LONGEST)}_${randomBytes(UNIQUE).toString('hex')}`;
