// Turns one record of the events stream (EventBridge's target: one event, its JSON, uncompressed) into what it asks for.
import {
  type IgnoredEvent,
  INSTANCE_STATES,
  type InstanceState,
  type MirrorEvent,
} from '../../schemas/mirroring/events.ts';
import { ignoredAbout } from './about.ts';
import { ACCOUNT, pascalCase, REGION, readFinding, timeOf } from './finding.ts';
import { type Block, JsonMembers, objectOf, quoted } from './json-members.ts';
import { INSTANCE_ID } from './named.ts';

/** EventBridge's largest event, and its envelope. */
export const MAX_EVENT_BYTES = 2 ** 20 + 2 ** 14;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Detail types by which the mirror consumer does something, each with the only source that may send it. */
const SOURCES: Readonly<Record<string, string>> = {
  'GuardDuty Finding': 'aws.guardduty',
  'EC2 Instance State-change Notification': 'aws.ec2',
};

/** The parts of an event after its `id` and `at`. */
type Meaning = MirrorEvent extends infer E ? (E extends MirrorEvent ? Omit<E, 'id' | 'at'> : never) : never;

const ignored = (reason: IgnoredEvent, detail: string): Meaning => ({ kind: 'ignored', reason, detail });

/**
 * `arrival` is when the record came to the stream, Unix ms. Whatever the bytes are, an answer comes: what is no event
 * is `ignored`, with the reason. Envelope: EventBridge events reference; finding: GuardDuty API 2017-11-28, Finding.
 */
export function readMirrorEvent(data: Uint8Array, arrival: number): MirrorEvent {
  const envelope = outermost(data);
  if (typeof envelope === 'string') return { id: '', at: arrival, ...ignored('malformed', envelope) };
  const members = new JsonMembers();
  const id = members.text(envelope, 'id') ?? '';
  const time = members.text(envelope, 'time');
  const sent = time === null ? null : timeOf(time);
  const at = sent === null ? arrival : Math.min(sent, arrival);
  if (!/^[!-~]{0,128}$/.test(id)) {
    return { id: '', at, ...told(envelope, ignored('malformed', `id is ${quoted(id)}, not an event id`)) };
  }
  return { id, at, ...told(envelope, byArrival(meaning(members, envelope, time, sent), arrival)) };
}

/** A finding whose clock is ahead was updated when it arrived: the states that follow come later. */
function byArrival(what: Meaning, arrival: number): Meaning {
  if (what.kind !== 'finding' || what.finding.updatedAt <= arrival) return what;
  const { updatedAt: claimed } = what.finding;
  return { ...what, finding: { ...what.finding, updatedAt: arrival, claimed } };
}

/** Of what asks for nothing, whom it is about; a finding may stand without its envelope. */
function told(envelope: Block, what: Meaning): Meaning {
  if (what.kind !== 'ignored') return what;
  const members = new JsonMembers();
  const isKnown = what.reason !== 'unknown_detail_type'; // what other events call `id` is not ours to guess
  const detail = isBare(envelope) ? envelope : members.block(envelope, 'detail');
  const about = ignoredAbout(envelope, isKnown ? detail : null);
  return Object.keys(about).length === 0 ? what : { ...what, about };
}

/** The outermost object of the JSON, or why there is none. */
function outermost(data: Uint8Array): Block | string {
  if (data.length > MAX_EVENT_BYTES)
    return `the record has ${data.length} bytes; an event has at most ${MAX_EVENT_BYTES}`;
  if (data[0] === 0x1f && data[1] === 0x8b) return 'the record is compressed with gzip: events are not, flow logs are';
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(data));
  } catch (error) {
    return error instanceof SyntaxError ? 'the record is not JSON' : 'the record is not UTF-8';
  }
  const members = objectOf(value);
  return members === null ? 'the record is JSON, but no object' : { path: '', members };
}

function meaning(members: JsonMembers, envelope: Block, time: string | null, sent: number | null): Meaning {
  const type = members.text(envelope, 'detail-type');
  const source = members.text(envelope, 'source');
  const account = members.text(envelope, 'account');
  const region = members.text(envelope, 'region');
  if (members.wrong !== null) return ignored('malformed', members.wrong);
  if (type === null) return ignored('malformed', noType(envelope));
  if (!Object.hasOwn(SOURCES, type)) return ignored('unknown_detail_type', `an event of the kind ${quoted(type)}`);
  if (source !== SOURCES[type]) {
    const from = source === null ? 'without a source' : `from ${quoted(source)}`;
    return ignored('unknown_detail_type', `${quoted(type)} ${from}, not from ${SOURCES[type]}`);
  }
  if (sent === null) {
    return ignored('malformed', time === null ? 'time is missing' : `time is ${quoted(time)}, not a time (RFC 3339)`);
  }
  const detail = members.block(envelope, 'detail');
  if (detail === null) return ignored('malformed', members.wrong ?? 'detail is missing');
  return type === 'GuardDuty Finding' ? readFinding(detail, { account, region }) : readState(members, envelope, detail);
}

/** What an event without `detail-type` probably is. */
function noType(envelope: Block): string {
  const wrongCase = pascalCase(envelope.members);
  if (wrongCase !== null) return `it has no detail-type, and ${wrongCase}`;
  return isBare(envelope)
    ? 'a finding without its envelope: the target must not set InputPath'
    : 'detail-type is missing';
}

const isBare = ({ members }: Block): boolean =>
  Object.hasOwn(members, 'schemaVersion') && Object.hasOwn(members, 'severity');

const isState = (text: string): text is InstanceState => INSTANCE_STATES.some((state) => state === text);

function readState(members: JsonMembers, envelope: Block, detail: Block): Meaning {
  const account = members.required(envelope, 'account', ACCOUNT, 'an account of 12 digits');
  const region = members.required(envelope, 'region', REGION, 'a region');
  const instance = members.required(detail, 'instance-id', INSTANCE_ID, 'an instance id');
  const state = members.required(detail, 'state', /^/, 'a state');
  if (members.wrong !== null) return ignored('malformed', members.wrong);
  if (!isState(state))
    return ignored('malformed', `detail.state is ${quoted(state)}, none of ${INSTANCE_STATES.join(', ')}`);
  if (state === 'pending' || state === 'stopping') return ignored('state', `${instance} is ${state}`);
  return { kind: 'state', account, region, instance, state };
}
