// Turns a plan that nobody carries out into what a person reads (why, which rule, which calls, what it costs), or JSON.
import type { Finding } from '../../../schemas/mirroring/events.ts';
import { DECISION_REASONS, type MirrorPlan } from '../../../schemas/mirroring/plan.ts';
import type { MirrorGuard, MirrorMode } from '../../../schemas/mirroring/rules.ts';
import { formatTime } from '../../window/window.ts';
import { costPerHour } from '../cost.ts';
import { planText } from './plan-text.ts';

export interface Preview {
  /** As it was given: a file, or an instance id. */
  readonly what: string;
  readonly mode: MirrorMode;
  readonly account: string;
  readonly region: string;
  /** Null: it is about an instance. */
  readonly finding: Finding | null;
  readonly plan: MirrorPlan;
  readonly guard: Pick<MirrorGuard, 'sessionPrice'>;
}

/** Control characters of what others wrote do nothing to a terminal. */
const plain = (text: string): string => text.replace(/[^\P{Cc}\n]+/gu, ' ');

/** Several lines, each ended. */
export const previewText = (preview: Preview): string =>
  plain(`${head(preview).join('\n')}\n\n${planText(preview.plan, preview.guard)}`);

const head = ({ what, mode, account, region, finding }: Preview): string[] => {
  const place = `${what}: account ${account}, ${region}, mode ${mode}`;
  if (finding === null) return [place];
  const { id, type, severity, title, updatedAt, remoteAddresses } = finding;
  const said = [`finding ${id}`, type, `severity ${severity}`, title.replaceAll('\n', ' ')];
  return [
    place,
    said.filter((part) => part !== '').join(', '),
    `taken as if it came now; it was last updated at ${formatTime(updatedAt)}`,
    ...(remoteAddresses.length === 0 ? [] : [`remote ${remoteAddresses.join(', ')}`]),
  ];
};

/** One object in one line. Bytes are texts, because they may be past 2^53; times are RFC 3339. */
export function previewJson({ what, mode, account, region, finding, plan, guard }: Preview): string {
  const value = {
    ...{ what, mode, account, region },
    finding: finding === null ? null : { ...finding, updatedAt: formatTime(finding.updatedAt) },
    decisions: plan.decisions.map((decision) => ({
      ...decision,
      why: DECISION_REASONS[decision.reason],
      expires: decision.expires === null ? null : formatTime(decision.expires),
    })),
    calls: plan.actions,
    costPerHour: costPerHour(plan, guard),
  };
  return `${JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member))}\n`;
}
