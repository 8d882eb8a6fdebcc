// Turns a request into why nothing of it is mirrored, whatever its interfaces are; null where they decide.
import type {
  DecisionOutcome,
  DecisionReason,
  MirrorMemory,
  MirrorRequest,
  MirrorWorld,
} from '../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../schemas/mirroring/rules.ts';
import { matchesPattern } from './pattern.ts';
import { tagTime } from './tag-time.ts';

/** What is decided, without whom it is about. */
export interface Verdict {
  readonly outcome: DecisionOutcome;
  readonly reason: DecisionReason;
  readonly detail: string;
}

export const refuse = (reason: DecisionReason, detail: string): Verdict => ({ outcome: 'refuse', reason, detail });
export const wait = (reason: DecisionReason, detail: string): Verdict => ({ outcome: 'wait', reason, detail });

const ENABLED = { finding: 'findings', launch: 'launches', existing: 'existing' } as const;

/** Where the calls are made: what belongs elsewhere is neither mirrored nor released. */
export function misplaced(request: MirrorRequest, rules: MirrorRules, world: MirrorWorld): Verdict | null {
  const { account, region } = request;
  if (account !== world.account) {
    return refuse('other_account', `it is of account ${account}; calls are made in ${world.account}`);
  }
  if (region !== world.region) return refuse('no_region', `it is of ${region}; calls are made in ${world.region}`);
  if (!rules.regions.has(region)) return refuse('no_region', `there are no rules for ${region}`);
  return null;
}

/** A later state of the finding has been decided on, or the same one as archived. */
export function outdated({ finding }: MirrorRequest, memory: MirrorMemory): Verdict | null {
  if (finding === null) return null;
  const last = memory.decided(finding.id);
  if (last === null) return null;
  const stale = last.updatedAt > finding.updatedAt || (last.updatedAt === finding.updatedAt && last.archived);
  if (!stale || (finding.archived && last.updatedAt === finding.updatedAt)) return null;
  const state = `${last.archived ? 'archived, ' : ''}updated ${tagTime(last.updatedAt)}`;
  return { outcome: 'keep', reason: 'superseded', detail: `the state decided on is ${state}` };
}

/** What the rule file says of the cause, and of a finding's type and severity. */
export function unwanted({ cause, finding }: MirrorRequest, rules: MirrorRules): Verdict | null {
  if (!rules.enable[ENABLED[cause]]) return refuse('disabled', `enable.${ENABLED[cause]} is false`);
  if (finding === null) return null;
  const { allow, deny, minSeverity } = rules.findings;
  const denied = deny.find((pattern) => matchesPattern(pattern, finding.type));
  if (denied !== undefined) return refuse('type_denied', `${finding.type} is denied by ${denied}`);
  if (allow.length > 0 && !allow.some((pattern) => matchesPattern(pattern, finding.type))) {
    return refuse('type_denied', `${finding.type} is none of the types that are allowed`);
  }
  if (finding.severity < minSeverity) return refuse('severity', `${finding.severity} is below ${minSeverity}`);
  return null;
}
