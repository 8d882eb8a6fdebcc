// Turns what a turn decided, called and met into metrics, and into log lines for what somebody may want to see at once.
import type { AuditedPlan } from '../../../pipeline/mirror-audit/audited-plan.ts';
import { isOurs } from '../../../pipeline/mirror-plan/owned.ts';
import { refusalText } from '../../../pipeline/mirror-plan/permission.ts';
import { subjectOfCall } from '../../../pipeline/mirror-plan/reactions.ts';
import { readRequestKey } from '../../../pipeline/mirror-plan/request-key.ts';
import { type DecidedFinding, decidedFindings } from '../../../pipeline/mirror-turn/refused-findings.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { MirrorAction, MirrorDecision, MirrorWorld } from '../../../schemas/mirroring/plan.ts';
import type { Log } from '../../shared/log.ts';
import type { CallAnswer } from './carry-out.ts';

/** Refusals of calls, and of findings, that are remembered as said, so that a call tried each minute warns once. */
const REMEMBERED = 10_000;
/** Codes that have a label of their own: EC2 has a few dozen, and what stands between may invent others. */
const MAX_CODES = 64;

/** What a call that was taken did; null where the line of another call says it. */
const DONE: Readonly<Record<MirrorAction['kind'], string | null>> = {
  'create-session': 'mirrored: a session was made',
  'delete-session': 'released: a session was deleted',
  'create-target': 'a target was made',
  'delete-target': 'a target that nobody uses was deleted',
  'run-instance': 'a target instance was started',
  'terminate-instance': 'a target instance was terminated',
  'set-tags': 'extended: a session expires later',
  'remove-tags': null,
};

const findingOf = (action: MirrorAction, decision: MirrorDecision | null, { world }: AuditedPlan): string | null => {
  if (action.kind === 'create-session') return action.session.tags[TAG.finding] ?? null;
  const id = decision?.session ?? ('id' in action ? action.id : null);
  const tagged = world?.sessions.find((session) => session.id === id)?.tags[TAG.finding];
  if (tagged !== undefined) return tagged;
  const asker = readRequestKey(decision?.request ?? '');
  return asker?.cause === 'finding' ? asker.finding : null;
};

/** Without what there is not. */
const said = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

const remember = (known: Map<string, string>, key: string, value: string): void => {
  known.set(key, value);
  if (known.size <= REMEMBERED) return;
  for (const oldest of known.keys()) {
    known.delete(oldest);
    return;
  }
};

export class MirrorTeller {
  readonly #meter: Meter;
  readonly #log: Log;
  readonly #refused = new Map<string, string>(); // code by call and subject
  readonly #notMirrored = new Map<string, string>(); // reason by finding
  readonly #codes = new Set<string>();
  #noEvidence: string | null = null;
  readonly #unread = new Map<string, string>(); // why, by region

  constructor(meter: Meter, log: Log) {
    this.#meter = meter;
    this.#log = log;
  }

  /** A region was read. */
  observed({ region, sessions }: MirrorWorld): void {
    const ours = sessions.filter(isOurs).length;
    this.#meter.set('mirrorSessions', ours, { region, owner: 'ours' });
    this.#meter.set('mirrorSessions', sessions.length - ours, { region, owner: 'foreign' });
    if (this.#unread.delete(region)) this.#log.info({ region }, 'the region can be read again');
  }

  /** A region could not be read: what was asked of it waits. Said when it begins, and when the reason changes. */
  unread(region: string, why: string): void {
    this.#meter.count('mirrorReadFailures', 1, { region });
    if (this.#unread.get(region) === why) return;
    this.#unread.set(region, why);
    this.#log.warn({ region, error: why }, 'a region cannot be read; what was asked of it waits');
  }

  /** What the digests were asked; null: they answered. Said when it begins, and when the reason changes. */
  evidence(problem: string | null): void {
    if (problem !== null && problem !== this.#noEvidence) {
      this.#log.warn({ problem }, 'guard.maxMbps is judged without the digests: interfaces count as unknown');
    }
    this.#noEvidence = problem;
  }

  /** The audit has these decisions, durably. */
  decided({ plan, requests, region, mode }: Pick<AuditedPlan, 'plan' | 'requests' | 'region' | 'mode'>): void {
    const { decisions } = plan;
    for (const { outcome, reason } of decisions) this.#meter.count('mirrorDecisions', 1, { outcome, reason });
    for (const one of decidedFindings(plan, requests)) this.#finding(one, { region, mode });
  }

  /** One that is refused is said when it begins, and when the reason changes. */
  #finding({ finding, refusal }: DecidedFinding, place: Readonly<Record<'region' | 'mode', string | null>>): void {
    const { id, type, severity } = finding;
    if (refusal === null) this.#notMirrored.delete(id);
    if (refusal === null || this.#notMirrored.get(id) === refusal.reason) return;
    remember(this.#notMirrored, id, refusal.reason);
    const { byRules, ...why } = refusal;
    const fields = said({ ...place, finding: id, type, severity, ...why });
    if (byRules) this.#log.info(fields, 'a finding is not mirrored: the rules do not want it');
    else this.#log.warn(fields, 'a finding is not mirrored');
  }

  answered(audited: AuditedPlan, answers: readonly CallAnswer[]): void {
    for (const one of answers) this.#answered(audited, one);
  }

  #answered(audited: AuditedPlan, { action, answer }: CallAnswer): void {
    const { decisions } = audited.plan;
    const decision = action.decision === null ? null : decisions[action.decision];
    this.#meter.count('mirrorCalls', 1, { action: action.kind, code: answer.ok ? 'OK' : this.#code(answer.code) });
    const about = said({
      ...{ region: audited.region, mode: audited.mode, finding: findingOf(action, decision, audited) },
      ...{ instance: decision?.instance, interface: decision?.interface, rule: decision?.rule },
      session: decision?.session ?? ('id' in action && action.kind === 'delete-session' ? action.id : null),
    });
    const key = `${action.kind} ${subjectOfCall(action)}`;
    if (!answer.ok) {
      if (this.#refused.get(key) === answer.code) return;
      remember(this.#refused, key, answer.code);
      const { code } = answer;
      const error = refusalText(action.kind, answer);
      this.#log.warn({ action: action.kind, code, error, ...about }, 'EC2 refused a call');
      return;
    }
    this.#refused.delete(key);
    const done = DONE[action.kind];
    if (done === null || (action.kind === 'set-tags' && !(TAG.expires in action.tags))) return;
    const made =
      answer.value === null ? {} : { [action.kind === 'create-session' ? 'session' : 'id']: answer.value.id };
    const expires = decision?.expires === null || decision === null ? null : new Date(decision.expires).toISOString();
    this.#log.info(said({ ...about, ...made, reason: decision?.reason, expires }), done);
  }

  #code(code: string): string {
    if (this.#codes.has(code)) return code;
    if (this.#codes.size >= MAX_CODES || !/^[\w.]{1,64}$/.test(code)) return 'other';
    this.#codes.add(code);
    return code;
  }
}
