// Finds rules of one region that get in each other's way: the same match or name, and those that never come to pass.
import type { MirrorRule, RuleMatch } from '../../schemas/mirroring/rules.ts';

export interface Conflict {
  readonly rule: MirrorRule;
  /** Of a warning the rule can be used, though it never is. */
  readonly kind: 'problem' | 'warning';
  readonly message: string;
}

/** The same for rules that match the same instances, whatever the order of their tags. */
const identity = (match: RuleMatch): string => {
  switch (match.by) {
    case 'tags':
      return JSON.stringify(match.tags.map(({ key, value }) => JSON.stringify([key, value])).sort());
    case 'subnet':
      return match.subnet;
    case 'vpc':
      return match.vpc;
  }
};

const MATCHED = { tags: 'tags', subnet: 'subnet', vpc: 'VPC' } as const;

/** Whether every instance that `later` matches is matched by `earlier` as well. */
const covers = (earlier: RuleMatch, later: RuleMatch): boolean =>
  earlier.by === 'tags' &&
  later.by === 'tags' &&
  earlier.tags.every((one) =>
    later.tags.some(({ key, value }) => key === one.key && (one.value === null || one.value === value)),
  );

const MAX_COMPARED = 1000; // rules of a region that are compared one by one

export function conflicts(rules: readonly MirrorRule[]): readonly Conflict[] {
  const found: Conflict[] = [];
  const seen = new Map<string, MirrorRule>();
  const names = new Map<string, MirrorRule>();
  for (const [i, rule] of rules.entries()) {
    const key = `${rule.match.by} ${identity(rule.match)}`;
    const [same, named] = [seen.get(key), names.get(rule.name)];
    seen.set(key, same ?? rule);
    names.set(rule.name, named ?? rule);
    const say = (kind: Conflict['kind'], message: string) => found.push({ rule, kind, message });
    if (named !== undefined) say('problem', `${rule.name} is the name of the rule on line ${named.line} too`);
    if (same !== undefined) {
      say('problem', `${rule.name} matches the same ${MATCHED[rule.match.by]} as ${same.name} on line ${same.line}`);
      continue;
    }
    const before =
      i < MAX_COMPARED ? rules.slice(0, i).find((earlier) => covers(earlier.match, rule.match)) : undefined;
    if (before === undefined) continue;
    say('warning', `${rule.name} is never used: ${before.name} on line ${before.line} matches all its instances`);
  }
  return found;
}
