// Reads a GuardDuty finding (the `detail` of its event): who it is about, and where its two sides are.
import type { Finding, MirrorEvent } from '../../schemas/mirroring/events.ts';
import { parseTime } from '../window/window.ts';
import { nameSides } from './action.ts';
import { type Block, JsonMembers, objectOf, quoted } from './json-members.ts';
import { Named } from './named.ts';
import { nameInstanceDetails, nameSequence } from './resources.ts';

export const ACCOUNT = /^\d{12}$/;
export const REGION = /^[a-z]{2,8}(?:-[a-z]{1,16}){1,3}-\d{1,2}$/;
export const FINDING_ID = /^[0-9A-Za-z][0-9A-Za-z._:-]{0,127}$/; // GuardDuty's: 32 hexadecimal digits
export const TYPE = /^[!-~]{1,200}$/;
const MAX_TITLE = 300; // characters
const MAX_SAMPLE_VALUE = 10_000; // characters

/** Unix ms of an RFC 3339 time; null where it is none. */
export function timeOf(text: string): number | null {
  if (!/^\d/.test(text)) return null; // parseTime knows `now`
  try {
    return parseTime(text, 0, '');
  } catch {
    return null;
  }
}

/** The two words that every finding begins with, as Security Hub, the CLI and the SDKs write them. */
const isPascalCase = (members: object): boolean =>
  (Object.hasOwn(members, 'Id') && !Object.hasOwn(members, 'id')) ||
  (Object.hasOwn(members, 'Service') && !Object.hasOwn(members, 'service')) ||
  Object.hasOwn(members, 'Findings');

/** A sentence about members in the wrong case; null where they are as EventBridge writes them. */
export const pascalCase = (members: object): string | null =>
  isPascalCase(members)
    ? 'its members are written in PascalCase, as Security Hub, the AWS CLI and the SDKs do: EventBridge sends them in camelCase'
    : null;

/** `service.additionalInfo`: CreateSampleFindings sets `sample`, and writes it into the JSON of `value`. */
function isSample(members: JsonMembers, service: Block | null): boolean {
  const info = members.block(service, 'additionalInfo');
  if (members.flag(info, 'sample')) return true;
  const value = members.text(info, 'value') ?? '';
  if (value.length > MAX_SAMPLE_VALUE || !value.includes('"sample"')) return false;
  try {
    const parsed = objectOf(JSON.parse(value));
    return parsed !== null && 'sample' in parsed && parsed.sample === true;
  } catch {
    return false; // any text may stand there
  }
}

/** An event without the parts that it has in common with all others. */
type Meaning =
  | Pick<MirrorEvent & { readonly kind: 'finding' }, 'kind' | 'finding' | 'notes'>
  | Pick<MirrorEvent & { readonly kind: 'ignored' }, 'kind' | 'reason' | 'detail'>;

/** `envelope` stands in where the finding does not say its account or region itself. */
export function readFinding(
  detail: Block,
  envelope: { readonly account: string | null; readonly region: string | null },
): Meaning {
  const members = new JsonMembers();
  const wrongCase = pascalCase(detail.members);
  if (wrongCase !== null) return { kind: 'ignored', reason: 'malformed', detail: `the finding: ${wrongCase}` };
  const own = { ...{ accountId: envelope.account, region: envelope.region }, ...dropNull(detail.members) };
  const block = { path: detail.path, members: own };
  const id = members.required(block, 'id', FINDING_ID, 'a finding id');
  const about = (sentence: string): string => (id === '' ? sentence : `finding ${id}: ${sentence}`);
  const service = members.block(block, 'service');
  if (members.wrong === null && isSample(members, service)) {
    return { kind: 'ignored', reason: 'sample', detail: about('a sample, made with CreateSampleFindings') };
  }
  const { finding, notes, resourceType } = readMembers(members, block, id, service);
  if (members.wrong !== null) return { kind: 'ignored', reason: 'malformed', detail: about(members.wrong) };
  if (finding.instances.length > 0 || finding.interfaces.length > 0 || finding.localInterfaces.length > 0) {
    return { kind: 'finding', finding, notes };
  }
  const what = [`${finding.type} about ${quoted(resourceType ?? 'nothing')}`, ...notes].join('; ');
  return { kind: 'ignored', reason: 'no_instance', detail: about(`it names neither instance nor interface: ${what}`) };
}

const dropNull = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));

function readMembers(members: JsonMembers, detail: Block, id: string, service: Block | null) {
  const account = members.required(detail, 'accountId', ACCOUNT, 'an account of 12 digits');
  const region = members.required(detail, 'region', REGION, 'a region');
  const type = members.required(detail, 'type', TYPE, 'a finding type');
  const title = members.text(detail, 'title') ?? '';
  const resource = members.block(detail, 'resource');
  const resourceType = members.text(resource, 'resourceType');
  const named = new Named();
  nameInstanceDetails(members, resource, named);
  nameSequence(members, service, { account, region }, named);
  nameSides(members, service, named);
  const finding: Finding = {
    ...{ id, type, severity: severityOf(members, detail), title: plainTitle(title), account, region },
    ...{ updatedAt: updatedAtOf(members, detail), archived: members.flag(service, 'archived') },
    instances: [...named.instances],
    interfaces: named.allInterfaces(),
    localAddresses: [...named.localAddresses],
    localInterfaces: [...named.localInterfaces],
    remoteAddresses: named.others(),
  };
  return { finding, resourceType, notes: [...named.notes] };
}

/** GuardDuty's severities are 1.0 to 10.0; older findings have less. */
function severityOf(members: JsonMembers, detail: Block): number {
  const severity = members.number(detail, 'severity');
  if (severity === null) members.complain(`${detail.path}.severity is missing`);
  else if (!(severity >= 0 && severity <= 10)) members.complain(`${detail.path}.severity is ${severity}, not 0 to 10`);
  return severity ?? 0;
}

function updatedAtOf(members: JsonMembers, detail: Block): number {
  const text = members.required(detail, 'updatedAt', /^\d/, 'a time (RFC 3339)');
  const time = text === '' ? 0 : timeOf(text);
  if (time === null) members.complain(`${detail.path}.updatedAt is ${quoted(text)}, not a time (RFC 3339)`);
  return time ?? 0;
}

const plainTitle = (title: string): string =>
  title
    .slice(0, MAX_TITLE)
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
