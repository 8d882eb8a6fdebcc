// The meter of what nobody measures.
import type { Meter } from '../../../schemas/metrics.ts';

export const NO_METER: Meter = { count: () => {}, set: () => {}, observe: () => {}, forget: () => {} };
