// Turns findings that say they were updated later than they arrived into ones that stay as they were taken at first.
import type { MirrorPlan, MirrorRequest } from '../../schemas/mirroring/plan.ts';
import type { AskedRequest } from '../mirror-audit/audited-plan.ts';
import { tagTime } from '../mirror-plan/tag-time.ts';

/**
 * A state that comes again arrives later, and is the same state: it counts as updated when it first came. `known`: when
 * that was, by the request's key, Unix ms; null: it is new.
 */
export const asFirstTaken = (
  asked: readonly AskedRequest[],
  known: (key: string) => number | null,
): readonly AskedRequest[] =>
  asked.map((one) => {
    const { finding, key } = one.request;
    const first = finding?.claimed === undefined ? null : known(key);
    if (finding === null || first === null || first >= finding.updatedAt) return one;
    return { ...one, request: { ...one.request, finding: { ...finding, updatedAt: first } } };
  });

/** The plan, with a sentence about the clock in the decisions of such findings. */
export const withClocks = (plan: MirrorPlan, requests: readonly MirrorRequest[]): MirrorPlan => {
  const notes = new Map(
    requests.flatMap(({ key, finding }) =>
      finding?.claimed === undefined
        ? []
        : [[key, `updatedAt is ${tagTime(finding.claimed)}, after it arrived: taken as ${tagTime(finding.updatedAt)}`]],
    ),
  );
  if (notes.size === 0) return plan;
  const decisions = plan.decisions.map((decision) => {
    const note = notes.get(decision.request ?? '');
    if (note === undefined) return decision;
    return { ...decision, detail: decision.detail === '' ? note : `${decision.detail}; ${note}` };
  });
  return { ...plan, decisions };
};
