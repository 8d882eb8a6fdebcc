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

/**
 * What was refused, and with it all that could not be tried, so that one change of the policy is enough. Where nothing
 * was refused, nothing is asked for: what could not be tried may well be allowed.
 */
const neededOf = (findings: readonly Finding[]): { readonly policy: Policy | null; readonly untried: boolean } => {
  const refused = policyOf(findings.flatMap(({ missing }) => missing));
  if (refused === null) return { policy: null, untried: false };
  const policy = policyOf(findings.flatMap(({ missing, untried }) => [...missing, ...untried]));
  return { policy, untried: JSON.stringify(policy) !== JSON.stringify(refused) };
};

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
  const { policy, untried } = neededOf(findings);
  const what = `what was refused${untried ? ', and what is needed too and could not be tried' : ''}`;
  const allow = policy === null ? '' : `\nThis policy allows ${what}:\n${JSON.stringify(policy, null, 2)}\n`;
  return `${lines.join('')}${verdictLine(findings)}\n${allow}`;
};

export const doctorJson = (findings: readonly Finding[]): string => {
  const plain = findings.map(({ verdict, area, what, remedy, missing, untried }) => ({
    ...{ verdict, area, what, remedy, missing, untried },
  }));
  const document = { ok: isHealthy(findings), findings: plain, policy: neededOf(findings).policy };
  return `${JSON.stringify(document, null, 2)}\n`;
};
