// Turns rejects, one at a time, into groups by reason and log group: how many there are, since when, and one of each.
import type { Reject, RejectReason } from '../../schemas/rejects.ts';
import { rejectedBytes, whyNotReplayable } from './reject-row.ts';

/** Log groups come from data: past this many groups the rest of a reason is one group. */
export const MAX_GROUPS = 1000;
/** Of a sample, bytes: more than any terminal shows. */
const SAMPLE_BYTES = 2048;

/** Where rejects come from: their log group, or the feed of those that came without one. */
export interface RejectOrigin {
  readonly kind: 'log group' | 'feed' | 'others';
  readonly name: string;
}

export interface RejectGroup {
  readonly reason: RejectReason;
  readonly origin: RejectOrigin;
  readonly rejects: number;
  readonly replayable: number; // of them
  readonly first: number; // arrival of their source, Unix ms
  readonly last: number;
  /** The first of them. */
  readonly sample: Pick<Reject, 'detail' | 'source' | 'offset' | 'format' | 'raw' | 'raw_base64'>;
}

type Growing = { -readonly [K in keyof RejectGroup]: RejectGroup[K] };

const OTHERS: RejectOrigin = { kind: 'others', name: 'further log groups' };

/** The beginning of what was rejected, as text where it is text. */
const sampleOf = (reject: Reject): RejectGroup['sample'] => {
  const { detail, source, offset, format, raw } = reject;
  const head = { detail, source, offset, ...(format === undefined ? {} : { format }) };
  if (raw !== undefined) return { ...head, raw: raw.slice(0, SAMPLE_BYTES) };
  return { ...head, raw_base64: rejectedBytes(reject).subarray(0, SAMPLE_BYTES).toString('base64') };
};

export class RejectGroups {
  readonly #groups = new Map<string, Growing>();

  /** @param feed of its source. @param arrival of its source, Unix ms. */
  add(reject: Reject, feed: string, arrival: number): void {
    const { log_group } = reject;
    const group = this.#groupOf(
      reject,
      log_group === undefined ? { kind: 'feed', name: feed } : { kind: 'log group', name: log_group },
      arrival,
    );
    group.rejects++;
    if (whyNotReplayable(reject) === null) group.replayable++;
    group.first = Math.min(group.first, arrival);
    group.last = Math.max(group.last, arrival);
  }

  #groupOf(reject: Reject, origin: RejectOrigin, arrival: number): Growing {
    const { reason } = reject;
    const key = `${reason}\n${origin.kind}\n${origin.name}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS && origin !== OTHERS) return this.#groupOf(reject, OTHERS, arrival);
    const group = {
      reason,
      origin,
      rejects: 0,
      replayable: 0,
      first: arrival,
      last: arrival,
      sample: sampleOf(reject),
    };
    this.#groups.set(key, group);
    return group;
  }

  /** Most rejects first, then by reason and name. */
  groups(): readonly RejectGroup[] {
    const name = ({ reason, origin }: RejectGroup): string => `${reason} ${origin.kind} ${origin.name}`;
    return [...this.#groups.values()].sort((a, b) => b.rejects - a.rejects || (name(a) < name(b) ? -1 : 1));
  }
}
