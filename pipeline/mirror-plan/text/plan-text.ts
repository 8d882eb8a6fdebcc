// Turns a plan into text for people: what was decided and why, by which rule, what it would do, and what it costs an hour.
import {
  DECISION_REASONS,
  type MirrorAction,
  type MirrorDecision,
  type MirrorPlan,
} from '../../../schemas/mirroring/plan.ts';
import type { MirrorGuard } from '../../../schemas/mirroring/rules.ts';
import { formatMany } from '../../quantities.ts';
import { costPerHour } from '../cost.ts';
import { tagTime } from '../tag-time.ts';

const tagTexts = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');

function callText(action: MirrorAction): string {
  switch (action.kind) {
    case 'create-session': {
      const { number, interface: source, target, filter, packetLength, virtualNetworkId } = action.session;
      const bytes = packetLength === null ? 'whole packets' : `the first ${packetLength} bytes of packets`;
      const network = virtualNetworkId === null ? '' : `, virtual network ${virtualNetworkId}`;
      return `create session: ${source} to ${target}, number ${number}, filter ${filter}, ${bytes}${network}`;
    }
    case 'create-target':
      return `create target: ${action.target.interface}`;
    case 'run-instance': {
      const { instanceType, image, subnet } = action.instance;
      return `run instance: ${instanceType} of ${image} in ${subnet}`;
    }
    case 'set-tags':
      return `set tags of ${action.id}: ${tagTexts(action.tags)}`;
    case 'remove-tags':
      return `remove tags of ${action.id}: ${action.keys.join(' ')}`;
    case 'delete-session':
    case 'delete-target':
    case 'terminate-instance':
      return `${action.kind.replace('-', ' ')}: ${action.id}`;
  }
}

function headOf({ outcome, interface: source, instance, session, rule, target, neighbour }: MirrorDecision): string {
  const where = [source, instance === null ? null : source === null ? instance : `of ${instance}`];
  const subject = where.filter((one) => one !== null).join(' ');
  const with_ = [
    subject,
    neighbour === null ? '' : '(neighbour)',
    session ?? '',
    target !== null && subject === '' ? target : '',
    rule === null ? '' : `rule ${rule}`,
  ];
  return [outcome, ...with_].filter((part) => part !== '').join('  ');
}

function decisionLines(plan: MirrorPlan, decision: MirrorDecision, place: number): readonly string[] {
  const until = decision.expires === null ? '' : `, until ${tagTime(decision.expires)}`;
  const calls = plan.actions.filter((action) => action.decision === place);
  return [
    `  ${headOf(decision)}`,
    `    ${decision.reason}: ${DECISION_REASONS[decision.reason]}${decision.outcome === 'create' ? until : ''}`,
    ...(decision.detail === '' ? [] : decision.detail.split('; ').map((part) => `    - ${part}`)),
    ...calls.map((action) => `    > ${callText(action)}`),
  ];
}

function costText(plan: MirrorPlan, guard: Pick<MirrorGuard, 'sessionPrice'>): string {
  const count = (kind: MirrorAction['kind']): number => plan.actions.filter((action) => action.kind === kind).length;
  const [created, deleted, hosts] = [count('create-session'), count('delete-session'), count('run-instance')];
  const price = `${costPerHour(plan, guard).toFixed(3)} USD an hour at ${guard.sessionPrice} each, and data transfer`;
  const parts = [
    created === 0 ? 'no session more' : `${formatMany(created, 'session')} more: ${price}`,
    deleted === 0 ? '' : `${formatMany(deleted, 'session')} less`,
    hosts === 0 ? '' : `${formatMany(hosts, 'target instance')} at its own price`,
  ];
  return `${parts.filter((part) => part !== '').join('; ')}\n`;
}

/** Several lines, each ended; decisions under the request that they are about, in the plan's order. */
export function planText(plan: MirrorPlan, guard: Pick<MirrorGuard, 'sessionPrice'>): string {
  const lines: string[] = [];
  let request: string | null | undefined;
  for (const [place, decision] of plan.decisions.entries()) {
    if (decision.request !== null && decision.request !== request) lines.push(decision.request);
    request = decision.request;
    lines.push(...decisionLines(plan, decision, place));
  }
  const loose = plan.actions.filter(({ decision }) => decision === null);
  lines.push(...loose.map((action) => `  > ${callText(action)}`));
  return `${lines.join('\n')}${lines.length === 0 ? 'nothing asks for anything' : ''}\n${costText(plan, guard)}`;
}
