// Turns the rules of a formats file and those that were discovered into the rules of the next one, and what changed.
import type { FormatRule } from '../../schemas/settings.ts';
import { parseFormat } from './format.ts';
import { formatRuleMatches } from './format-choice.ts';
import { isObjectPattern } from './formats-document.ts';

export type RuleChange =
  | { readonly kind: 'added' | 'kept'; readonly logGroup: string; readonly format: string }
  | { readonly kind: 'changed'; readonly logGroup: string; readonly format: string; readonly before: string }
  /** An earlier pattern with `*` says the same of this log group: it needs no rule of its own. */
  | { readonly kind: 'covered'; readonly logGroup: string; readonly format: string; readonly by: string };

export interface MergedRules {
  readonly rules: readonly FormatRule[];
  /** One for each discovered log group, in their order. */
  readonly changes: readonly RuleChange[];
}

const alike = (a: string, b: string): boolean => parseFormat(a).text === parseFormat(b).text;

/** The patterns of log groups that none of these log groups matches, in their order; those of objects are left out. */
export const idlePatterns = (rules: readonly FormatRule[], logGroups: readonly string[]): readonly string[] =>
  rules
    .map(({ logGroup }) => logGroup)
    .filter((pattern) => !isObjectPattern(pattern))
    .filter((pattern) => !logGroups.some((logGroup) => formatRuleMatches(pattern, logGroup)));

/**
 * Every discovered log group gets its format, by a rule of its own or by a pattern that is there already and says the
 * same; a new rule stands before the first pattern that would take its log group. All other rules stay, in their order.
 * What is merged again changes nothing more.
 *
 * @throws VpcflowError VF_BAD_FORMAT for a rule that cannot be read.
 */
export function mergeRules(existing: readonly FormatRule[], discovered: readonly FormatRule[]): MergedRules {
  const rules = [...existing];
  const changes = discovered.map(({ logGroup, format }): RuleChange => {
    const reached = ({ logGroup: pattern }: FormatRule): boolean =>
      !isObjectPattern(pattern) && formatRuleMatches(pattern, logGroup);
    const at = rules.findIndex(reached);
    const rule = rules[at];
    if (rule === undefined) {
      rules.push({ logGroup, format });
      return { kind: 'added', logGroup, format };
    }
    const same = alike(rule.format, format);
    if (rule.logGroup === logGroup) {
      if (same) return { kind: 'kept', logGroup, format };
      rules[at] = { logGroup, format };
      return { kind: 'changed', logGroup, format, before: rule.format };
    }
    if (same) return { kind: 'covered', logGroup, format, by: rule.logGroup };
    rules.splice(at, 0, { logGroup, format });
    return { kind: 'added', logGroup, format };
  });
  return { rules, changes };
}
