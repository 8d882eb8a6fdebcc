// Finds the rule for an instance: tags before subnets before VPCs, each as in the file.
import type { Tags } from '../../schemas/mirroring/account.ts';
import type { MirrorRule, RuleMatch } from '../../schemas/mirroring/rules.ts';

/** What of an instance a rule looks at. */
export interface Matchable {
  readonly tags: Tags;
  readonly subnet: string;
  readonly vpc: string;
}

/** Every tag of a list has to be there; one without a value may have any. */
export function matches(match: RuleMatch, instance: Matchable): boolean {
  switch (match.by) {
    case 'tags':
      return match.tags.every(
        ({ key, value }) => Object.hasOwn(instance.tags, key) && (value === null || instance.tags[key] === value),
      );
    case 'subnet':
      return match.subnet === instance.subnet;
    case 'vpc':
      return match.vpc === instance.vpc;
  }
}

/** `rules` of one region in the order of their priority; `others` are the names of those that would match as well. */
export function matchRule(
  rules: readonly MirrorRule[],
  instance: Matchable,
): { readonly rule: MirrorRule | null; readonly others: readonly string[] } {
  const [rule, ...others] = rules.filter(({ match }) => matches(match, instance));
  return { rule: rule ?? null, others: others.map(({ name }) => name) };
}
