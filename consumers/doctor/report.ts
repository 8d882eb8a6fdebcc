// Turns findings into what is printed: a line each and the policy that is missing, or one JSON document.
import type { Finding, Permission, Verdict } from './check.ts';

const WORDS: Readonly<Record<Verdict, string>> = { ok: 'ok', fix: 'FIX', warn: 'warn', unchecked: '-' };
const VERDICT_WIDTH = 5;
const AREA_WIDTH = 12;

interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly {
    readonly Effect: 'Allow';
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
  }[];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Key → what was added under it, in the order of first appearance. */
const grouped = <T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
};

/**
 * The smallest policy that allows all of them: one statement for the resources that miss the same actions. Null when
 * nothing in IAM is missing (a file's permission is not one of its actions).
 */
export const policyOf = (permissions: readonly Permission[]): Policy | null => {
  const iam = permissions.filter(({ action }) => !action.startsWith('file:'));
  if (iam.length === 0) return null;
  const byResource = [...grouped(iam, ({ resource }) => resource)].map(([resource, missing]) => ({
    resource,
    actions: [...new Set(missing.map(({ action }) => action))].sort(compare),
  }));
  const statements = [...grouped(byResource, ({ actions }) => actions.join()).values()].map((alike) => ({
    Effect: 'Allow' as const,
    Action: alike[0]!.actions,
    Resource: alike.map(({ resource }) => resource).sort(compare),
  }));
  return { Version: '2012-10-17', Statement: statements };
};

const missingOf = (findings: readonly Finding[]): readonly Permission[] => findings.flatMap(({ missing }) => missing);

/** Warnings are allowed. */
export const isHealthy = (findings: readonly Finding[]): boolean => findings.every(({ verdict }) => verdict !== 'fix');

const verdictLine = (findings: readonly Finding[]): string => {
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  const rest = `${count('warn')} to consider, ${count('unchecked')} not checked`;
  return isHealthy(findings) ? `nothing to fix; ${rest}` : `${count('fix')} to fix; ${rest}`;
};

export const doctorTable = (findings: readonly Finding[]): string => {
  const lines = findings.map(({ verdict, area, what, remedy }) => {
    const text = remedy === null ? what : `${what}: ${remedy}`;
    return `${WORDS[verdict].padEnd(VERDICT_WIDTH)} ${area.padEnd(AREA_WIDTH)} ${text}\n`;
  });
  const policy = policyOf(missingOf(findings));
  const allow = policy === null ? '' : `\nThis policy allows what was refused:\n${JSON.stringify(policy, null, 2)}\n`;
  return `${lines.join('')}${verdictLine(findings)}\n${allow}`;
};

export const doctorJson = (findings: readonly Finding[]): string => {
  const plain = findings.map(({ verdict, area, what, remedy, missing }) => ({ verdict, area, what, remedy, missing }));
  const document = { ok: isHealthy(findings), findings: plain, policy: policyOf(missingOf(findings)) };
  return `${JSON.stringify(document, null, 2)}\n`;
};
