// Turns a plan into the rows of its two objects: what was decided and will be called, and what was answered.
import { type MirrorSession, TAG } from '../../schemas/mirroring/account.ts';
import { MIRRORING_COLUMNS, type MirroringRow } from '../../schemas/mirroring/audit-row.ts';
import type { MirrorAction, MirrorDecision, MirrorRequest } from '../../schemas/mirroring/plan.ts';
import { readRequestKey } from '../mirror-plan/request-key.ts';
import { truncateToMinute } from '../window/window.ts';
import type { AnsweredCall, AskedRequest, AuditedPlan } from './audited-plan.ts';
import { callColumns, type RowPart, valueColumns } from './call-columns.ts';
import { encodeRequest } from './request-json.ts';

/** A row with nothing in it. */
export const EMPTY_ROW = Object.fromEntries(
  Object.keys(MIRRORING_COLUMNS).map((column) => [column, null]),
) as MirroringRow; // every column, each null

/** The rows of the object before: ignored events, decisions, and the calls that follow, in order; `seq` from 0. */
export function rowsBefore(audited: AuditedPlan): readonly MirroringRow[] {
  const about = decisionTeller(audited);
  const { plan, ignored } = audited;
  const decided = plan.decisions.map((decision): RowPart => ({ phase: 'decided', ...about(decision) }));
  const parts: readonly RowPart[] = [
    ...ignored.map(({ id, at, reason, detail, about: whom = {} }) => ({
      ...{ phase: 'decided', outcome: 'report', reason, detail },
      ...{ event_id: id === '' ? null : id, event_time: at, instance_id: whom.instance ?? null },
      ...{ account_id: whom.account ?? null, region: whom.region ?? null },
      ...{ finding_id: whom.finding ?? null, finding_type: whom.type ?? null },
    })),
    ...decided,
    ...plan.actions.map((action) => ({ ...calling(action, audited, about), phase: 'calling' })),
  ];
  return parts.map((part, seq) => completed(audited, seq, audited.time, part));
}

/**
 * The rows of the object after: one for each answer, in the order of the plan's actions, from the first on; a plan that
 * was left has fewer answers than actions. `seq` goes on where the object before ended.
 */
export function rowsAfter(audited: AuditedPlan, answers: readonly AnsweredCall[]): readonly MirroringRow[] {
  const about = decisionTeller(audited);
  const { actions, decisions } = audited.plan;
  const first = audited.ignored.length + decisions.length + actions.length;
  return answers.map(({ at, answer }, i) => {
    const called = calling(actions[i], audited, about);
    const answered: RowPart = answer.ok
      ? { ok: true, ...valueColumns(actions[i], answer.value) }
      : { ok: false, error_code: answer.code, error_message: answer.message };
    return completed(audited, first + i, at, { ...called, ...answered, phase: 'answered' });
  });
}

const completed = (audited: AuditedPlan, seq: number, time: number, part: RowPart): MirroringRow => ({
  ...EMPTY_ROW,
  ...{ time, minute: truncateToMinute(time), plan: audited.id, seq, mode: audited.mode },
  ...part,
  account_id: part.account_id ?? audited.account,
  region: part.region ?? audited.region,
});

/** What a call is about: its decision, without what only the decision itself has to say, and its own parameters. */
function calling(action: MirrorAction, audited: AuditedPlan, about: (d: MirrorDecision) => RowPart): RowPart {
  const decision = action.decision === null ? undefined : audited.plan.decisions[action.decision];
  const told: RowPart = decision === undefined ? {} : { ...about(decision), request_json: null };
  const session = 'id' in action ? sessionColumns(audited, action.id, decision?.reason === 'asked') : {};
  return { ...session, ...told, ...callColumns(action) };
}

function decisionTeller(audited: AuditedPlan): (decision: MirrorDecision) => RowPart {
  const asked = new Map(audited.requests.map((one) => [one.request.key, one]));
  return (decision) => {
    const request = decision.request === null ? undefined : asked.get(decision.request);
    const session =
      decision.session === null ? {} : sessionColumns(audited, decision.session, decision.reason === 'asked');
    const { neighbour } = decision;
    return {
      ...session,
      ...placeColumns(audited, decision, request?.request, session),
      ...(decision.request === null ? {} : requestColumns(decision.request, request)),
      ...{ request: decision.request, outcome: decision.outcome, reason: decision.reason, detail: decision.detail },
      rule: decision.rule ?? session.rule ?? null,
      target_id: decision.target ?? session.target_id ?? null,
      ...(decision.session === null ? {} : { session_id: decision.session }),
      expires: decision.expires ?? session.expires ?? null,
      neighbour_bytes: neighbour?.bytes ?? null,
      neighbour_window: neighbour?.window ?? null,
      neighbour_complete: neighbour?.complete ?? null,
      request_json: request !== undefined && isUnfinished(decision) ? encodeRequest(request.request) : null,
    };
  };
}

/** Something still has to happen: a process that finds it left so must know what was asked. */
const isUnfinished = ({ outcome }: MirrorDecision): boolean => !['keep', 'refuse', 'report'].includes(outcome);

function placeColumns(
  { world }: AuditedPlan,
  decision: MirrorDecision,
  request: MirrorRequest | undefined,
  session: RowPart,
): RowPart {
  const interfaceId = decision.interface ?? session.interface_id ?? null;
  const place = interfaceId === null ? undefined : world?.interfaces.get(interfaceId);
  const only = decision.neighbour === null && request?.instances.length === 1 ? request.instances[0] : null;
  const instanceId = decision.instance ?? place?.instance ?? session.instance_id ?? only;
  const instance = instanceId === null ? undefined : world?.instances.get(instanceId);
  return {
    interface_id: interfaceId,
    instance_id: instanceId,
    vpc_id: place?.vpc ?? instance?.vpc ?? null,
    subnet_id: place?.subnet ?? instance?.subnet ?? null,
  };
}

/** Of a request that nobody described, such as one that a later state of its finding replaced, what its key says. */
function requestColumns(key: string, asked: AskedRequest | undefined): RowPart {
  if (asked === undefined) return keyColumns(key);
  const { request, eventId } = asked;
  const { finding } = request;
  const columns = { cause: request.cause, event_id: eventId, event_time: request.at };
  const place = { account_id: request.account, region: request.region };
  if (finding === null) return { ...columns, ...place };
  return {
    ...{ ...columns, ...place, finding_id: finding.id, finding_type: finding.type },
    ...{ finding_severity: finding.severity, finding_updated: finding.updatedAt },
    remote_addresses: finding.remoteAddresses.length === 0 ? null : finding.remoteAddresses.join(' '),
  };
}

function keyColumns(key: string): RowPart {
  const asker = readRequestKey(key);
  if (asker === null) return {};
  const { cause } = asker;
  if (cause !== 'finding') return { cause, instance_id: asker.instance };
  return { cause, finding_id: asker.finding, finding_updated: asker.updatedAt };
}

/** What is known of a session by its id: from EC2 as it was read, else from the audit. `asked`: by a person. */
function sessionColumns({ world, known }: AuditedPlan, id: string, asked: boolean): RowPart {
  const session = world?.sessions.find((one) => one.id === id);
  const history = known.session(id);
  if (session === undefined && history === null) return {};
  const findingId = session?.tags[TAG.finding] ?? history?.finding_id ?? null;
  const about = { interface: session?.interface ?? history?.interface_id ?? null, asked };
  return {
    ...(session === undefined ? {} : observedColumns(session)),
    ...(history === null
      ? {}
      : {
          ...{ interface_id: history.interface_id, instance_id: history.instance_id, rule: history.rule },
          ...{ cause: history.cause, session_number: history.session_number, target_id: history.target_id },
          ...{ filter_id: history.filter_id, packet_length: history.packet_length },
          ...{ virtual_network_id: history.virtual_network_id, finding_type: history.finding_type },
        }),
    finding_id: findingId,
    finding_updated: findingId === null ? null : (known.decided(findingId, about)?.updatedAt ?? null),
    session_id: id,
  };
}

function observedColumns(session: MirrorSession): RowPart {
  const expires = Date.parse(session.tags[TAG.expires] ?? '');
  return {
    ...{ interface_id: session.interface, session_number: session.number, target_id: session.target },
    ...{ filter_id: session.filter, virtual_network_id: session.virtualNetworkId },
    ...{ packet_length: session.packetLength, cause: session.tags[TAG.cause] ?? null },
    ...{ rule: session.tags[TAG.rule] ?? null, expires: Number.isNaN(expires) ? null : expires },
  };
}
