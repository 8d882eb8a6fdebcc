// The log of what somebody else tells of, or nobody.
import type { Log } from './log.ts';

export const NO_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
