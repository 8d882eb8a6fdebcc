// Turns what `vpcflow mirror plan` is given (a file of a finding, an instance id) into what it would ask the planner.
import { readFile } from 'node:fs/promises';
import { readMirrorEvent } from '../../../pipeline/mirror-events/event.ts';
import { INSTANCE_ID } from '../../../pipeline/mirror-events/named.ts';
import { findingRequest } from '../../../pipeline/mirror-turn/requests.ts';
import { formatTime } from '../../../pipeline/window/window.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { IgnoredEvent } from '../../../schemas/mirroring/events.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';

export type Asked =
  | { readonly kind: 'finding'; readonly request: MirrorRequest }
  | { readonly kind: 'instance'; readonly instance: string }
  /** It asks for nothing, and why. */
  | { readonly kind: 'ignored'; readonly reason: IgnoredEvent; readonly detail: string };

const unreadable = (what: string, why: string, cause?: unknown): VpcflowError =>
  new VpcflowError('VF_SOURCE_UNREADABLE', `${what} cannot be read: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    help: 'give a file with the JSON of one finding or event as EventBridge sends it, the `detail` of one, or an instance id',
  });

/**
 * A finding is taken as if it came at `now` (Unix ms): what it would do is asked, and not whether it is old. What looks
 * like an instance id is one, also where there is a file of that name (`./i-0a` is a file). Throws VF_SOURCE_UNREADABLE.
 */
export const askedFor = async (what: string, now: number): Promise<Asked> => {
  if (INSTANCE_ID.test(what)) return { kind: 'instance', instance: what };
  let bytes: Buffer;
  try {
    bytes = await readFile(what);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw unreadable(what, code === 'ENOENT' ? 'there is no such file, and it is no instance id' : code, error);
  }
  return askedBy(what, bytes, now);
};

/** What the bytes of a file ask for; `what` names them. Throws VF_SOURCE_UNREADABLE. */
const askedBy = (what: string, bytes: Uint8Array, now: number): Asked => {
  const event = readMirrorEvent(enveloped(bytes, now), now);
  switch (event.kind) {
    case 'finding':
      return { kind: 'finding', request: findingRequest(event.finding, now) };
    case 'state':
      return { kind: 'instance', instance: event.instance };
    case 'ignored':
      if (event.reason === 'malformed') throw unreadable(what, event.detail);
      return { kind: 'ignored', reason: event.reason, detail: event.detail };
  }
};

/** The event around a finding that stands alone; any other bytes as they are. */
const enveloped = (bytes: Uint8Array, now: number): Uint8Array => {
  let detail: unknown;
  try {
    detail = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return bytes;
  }
  if (typeof detail !== 'object' || detail === null || 'detail-type' in detail || 'detail' in detail) return bytes;
  if (!('service' in detail || 'severity' in detail)) return bytes;
  const { accountId: account, region } = detail as { readonly accountId?: unknown; readonly region?: unknown }; // read by whoever reads events
  const envelope = { 'detail-type': 'GuardDuty Finding', source: 'aws.guardduty', account, region };
  return Buffer.from(JSON.stringify({ ...envelope, time: formatTime(now), detail }));
};
