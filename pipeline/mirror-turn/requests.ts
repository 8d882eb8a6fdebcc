// Turns the events of a batch into who asks for sessions, whose instances ended, and what asks for nothing.
import type { Finding, IgnoredEvent, MirrorEvent } from '../../schemas/mirroring/events.ts';
import type { MirrorRequest } from '../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../schemas/mirroring/rules.ts';
import type { AskedRequest } from '../mirror-audit/audited-plan.ts';
import { requestKey } from '../mirror-plan/request-key.ts';

export type IgnoredMirrorEvent = Extract<MirrorEvent, { readonly kind: 'ignored' }>;

export interface BatchRequests {
  /** In the order of the events, each key once. */
  readonly requests: readonly AskedRequest[];
  readonly ignored: readonly IgnoredMirrorEvent[];
  /** Regions with instances that run no longer: their sessions may have to be released. */
  readonly ended: readonly string[];
}

/** `at`: Unix ms, of the event. */
export const findingRequest = (finding: Finding, at: number): MirrorRequest => ({
  key: requestKey({ cause: 'finding', finding: finding.id, updatedAt: finding.claimed ?? finding.updatedAt }),
  cause: 'finding',
  ...{ account: finding.account, region: finding.region, instances: finding.instances },
  ...{ finding, at, neighbours: [] },
});

export const instanceRequest = (
  cause: 'launch' | 'existing',
  { account, region, instance, at }: Pick<MirrorRequest, 'account' | 'region' | 'at'> & { readonly instance: string },
): MirrorRequest => ({
  key: requestKey({ cause, instance }),
  ...{ cause, account, region, instances: [instance], finding: null, at, neighbours: [] },
});

const ignoredState = (event: Extract<MirrorEvent, { readonly kind: 'state' }>): IgnoredMirrorEvent => {
  const reason: IgnoredEvent = 'state';
  const { id, at, account, region, instance } = event;
  const detail = `${instance} is running, and enable.launches is false`;
  return { kind: 'ignored', id, at, reason, detail, about: { account, region, instance } };
};

/**
 * Of several events with one key (a finding's state that was delivered twice) the first is asked with, of a finding that
 * was archived at that time the one that says so. An instance that runs asks only where launches are mirrored.
 */
export const requestsOf = (events: readonly MirrorEvent[], rules: MirrorRules): BatchRequests => {
  const requests = new Map<string, AskedRequest>();
  const ignored: IgnoredMirrorEvent[] = [];
  const ended = new Set<string>();
  const ask = (request: MirrorRequest, eventId: string): void => {
    const isArchived = request.finding?.archived === true;
    const known = requests.get(request.key);
    if (known !== undefined && (!isArchived || known.request.finding?.archived === true)) return;
    requests.set(request.key, { request, eventId: eventId === '' ? null : eventId });
  };
  for (const event of events) {
    if (event.kind === 'ignored') ignored.push(event);
    else if (event.kind === 'finding') ask(findingRequest(event.finding, event.at), event.id);
    else if (event.state !== 'running') ended.add(event.region);
    else if (rules.enable.launches) ask(instanceRequest('launch', event), event.id);
    else ignored.push(ignoredState(event));
  }
  return { requests: [...requests.values()], ignored, ended: [...ended].sort() };
};
