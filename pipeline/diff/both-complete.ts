// Turns how complete each of two windows is into how complete an answer about both is.
import { type Completeness, MAX_NAMED, type Skipdata, type SkippedInterface } from '../../schemas/query.ts';

/** Complete when both are; the watermark is the lesser; what is missing in either is missing. */
export function bothComplete(a: Completeness, b: Completeness): Completeness {
  const intervals = [a.longestInterval, b.longestInterval].filter((seconds) => seconds !== null);
  return {
    complete: a.complete === false || b.complete === false ? false : a.complete === null ? null : b.complete,
    watermark: a.watermark === null || b.watermark === null ? null : Math.min(a.watermark, b.watermark),
    asOf: Math.min(a.asOf, b.asOf),
    lateness: a.lateness,
    // What an earlier window waits for, the later one waits for too.
    behind: a.behind.count >= b.behind.count ? a.behind : b.behind,
    skipdata: bothSkipped(a.skipdata, b.skipdata),
    longestInterval: intervals.length === 0 ? null : Math.max(...intervals),
    warnings: [...new Set([...a.warnings, ...b.warnings])].slice(0, MAX_NAMED),
  };
}

/** Interfaces that neither names may be the same: there are at least as many as it says. */
function bothSkipped(a: Skipdata, b: Skipdata): Skipdata {
  const all = new Map<string, SkippedInterface>();
  for (const one of [...a.named, ...b.named]) {
    const key = JSON.stringify([one.account_id, one.interface_id]);
    all.set(key, { ...one, minutes: one.minutes + (all.get(key)?.minutes ?? 0) });
  }
  const named = [...all.values()].sort((x, y) => y.minutes - x.minutes);
  return {
    interfaces: Math.max(a.interfaces, b.interfaces, named.length),
    minutes: a.minutes + b.minutes,
    named: named.slice(0, MAX_NAMED),
  };
}
