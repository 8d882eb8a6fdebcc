// Turns the requests of a turn into one order, whatever order they came in, each once, and which of them are outdated.

import type { MirrorRequest } from '../../schemas/mirroring/plan.ts';
import { canonicalJson } from '../canonical-json.ts';

export interface OrderedRequests {
  /** Findings by severity, the highest first, then by id; then launches and instances that are there, by key. */
  readonly requests: readonly MirrorRequest[];
  /** States of a finding of which a later one is among the requests. */
  readonly superseded: readonly { readonly request: MirrorRequest; readonly by: MirrorRequest }[];
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A finding before anything that has none. */
const severity = ({ finding }: MirrorRequest): number => finding?.severity ?? -1;

const inOrder = (a: MirrorRequest, b: MirrorRequest): number =>
  severity(b) - severity(a) || compareText(a.finding?.id ?? '', b.finding?.id ?? '') || compareText(a.key, b.key);

/** The later state of a finding; of one that came twice the later event, of the same event an archived one. */
const later = (a: MirrorRequest, b: MirrorRequest): MirrorRequest => {
  const order =
    (a.finding?.updatedAt ?? 0) - (b.finding?.updatedAt ?? 0) ||
    (a.finding?.claimed ?? 0) - (b.finding?.claimed ?? 0) ||
    Number(a.finding?.archived ?? false) - Number(b.finding?.archived ?? false) ||
    a.at - b.at ||
    compareText(canonicalJson(a), canonicalJson(b));
  return order < 0 ? b : a;
};

/** A request with the same key asks for the same: it stands once. */
export function orderedRequests(given: readonly MirrorRequest[]): OrderedRequests {
  const byKey = Map.groupBy(given, ({ key }) => key);
  const once = [...byKey.values()].map((same) => same.reduce(later)).sort(inOrder);
  const latest = new Map<string, MirrorRequest>();
  for (const request of once) {
    if (request.finding === null) continue;
    const known = latest.get(request.finding.id);
    latest.set(request.finding.id, known === undefined ? request : later(known, request));
  }
  const last = (request: MirrorRequest): MirrorRequest => latest.get(request.finding?.id ?? '') ?? request;
  return {
    requests: once.filter((request) => last(request) === request),
    superseded: once.filter((request) => last(request) !== request).map((request) => ({ request, by: last(request) })),
  };
}
