// Compares the rules of a region with what is there: filters and targets that they name and nobody finds are problems.
import type { MirrorFilter, MirrorTarget } from '../../schemas/mirroring/account.ts';
import type { MirrorRule } from '../../schemas/mirroring/rules.ts';

export interface Absence {
  /** Of the rule file, 1 the first. */
  readonly line: number;
  readonly message: string;
}

/** A warning: the rule can be used, and mirrors nothing. In the order of the rules. */
export const absences = (
  region: string,
  rules: readonly MirrorRule[],
  there: { readonly filters: readonly MirrorFilter[]; readonly targets: readonly MirrorTarget[] },
): { readonly problems: readonly Absence[]; readonly warnings: readonly Absence[] } => {
  const filters = new Map(there.filters.map((filter) => [filter.id, filter]));
  const targets = new Set(there.targets.map(({ id }) => id));
  const problems: Absence[] = [];
  const warnings: Absence[] = [];
  for (const { name, line, filter, target } of rules) {
    const found = filters.get(filter);
    if (found === undefined) problems.push({ line, message: `${name}: there is no filter ${filter} in ${region}` });
    else if (found.rules === 0)
      warnings.push({ line, message: `${name}: the filter ${filter} has no rules, and mirrors nothing` });
    for (const id of target.by === 'id' ? target.ids : []) {
      if (!targets.has(id)) problems.push({ line, message: `${name}: there is no target ${id} in ${region}` });
    }
  }
  return { problems, warnings };
};
