// The JSON bodies of what is mirrored, for /openapi.json.
import { SESSION_COLUMNS } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { MIRROR_CAUSES } from '../../../schemas/mirroring/events.ts';
import { MIRROR_MODES } from '../../../schemas/mirroring/rules.ts';
import { integer, type JsonSchema, list, named, nullable, oneOf, record, text, time } from './json-schema.ts';

const or = nullable;
const UNKNOWN = 'not known, or none';

const MEMBERS: Readonly<Record<string, JsonSchema>> = {
  state: oneOf('active, ended: of a session; refused, waiting, ignored: there is none', [
    ...['active', 'ended', 'refused', 'waiting', 'ignored'],
  ]),
  from: time('since when there are packets; without a session: when that was decided'),
  to: or(time('until when'), 'it goes on, or there is none'),
  interface_id: or(text('the interface whose traffic it is'), UNKNOWN),
  instance_id: or(text('its instance'), UNKNOWN),
  session_id: or(text('the session'), 'there is none'),
  target_id: or(text('the target that gets the packets'), UNKNOWN),
  virtual_network_id: or(integer('of the VXLAN header'), UNKNOWN),
  session_number: or(integer('among the sessions of the interface'), UNKNOWN),
  filter_id: or(text('the filter'), UNKNOWN),
  packet_length: or(integer('bytes of each packet that are mirrored'), 'whole packets'),
  mode: or(oneOf('plan: it was only planned', MIRROR_MODES), UNKNOWN),
  cause: or(oneOf('why it is mirrored', MIRROR_CAUSES), UNKNOWN),
  finding_id: or(text('the finding'), UNKNOWN),
  finding_type: or(text('its type', 'UnauthorizedAccess:EC2/SSHBruteForce'), UNKNOWN),
  rule: or(text('the rule that matched'), UNKNOWN),
  neighbour: { type: 'boolean', description: 'it exchanged traffic with the remote address of the finding' },
  expires: or(time('when it is to end'), 'it does not expire'),
  ended_by: or(text('why it ended: a reason of the audit'), 'it goes on'),
  why: or(text('why it was made, or why there is none: a sentence'), UNKNOWN),
  carried_by: or(text('ids of the sessions that get its packets first, separated by spaces'), 'none'),
  account_id: or(text('the account'), UNKNOWN),
  region: or(text('the region'), UNKNOWN),
};

/** By name. */
export const MIRRORING_BODIES: Readonly<Record<string, JsonSchema>> = {
  MirroringSession: record(
    'A session, or a decision that led to none.',
    Object.fromEntries(SESSION_COLUMNS.map(({ name }) => [name, MEMBERS[name]])),
  ),
  MirroringSessions: record('Which packets there are, of what, and when.', {
    start: or(time('begin of the window'), 'whenever'),
    stop: or(time('its end, exclusive'), 'whenever'),
    complete: { type: 'boolean', description: 'whether every object of the audit could be read' },
    watermark: text('the time of the last row of the audit, RFC 3339; none where there is no audit'),
    warnings: list(text('an object of the audit that could not be read and is left out'), 'by key'),
    sessions: list(named('MirroringSession'), 'sessions, by their beginning'),
    carriers: list(named('MirroringSession'), 'sessions of others that carry the packets of the finding asked for'),
    without: list(named('MirroringSession'), 'decisions that led to no session, by time'),
  }),
};
