// Turns audit rows into what was released by a person, or by somebody past us: up to which state it is left alone.
import type { MirroringRow } from '../../schemas/mirroring/audit-row.ts';
import { purposeOf, purposeOn } from '../mirror-plan/purpose.ts';
import { placeOf } from './row-order.ts';

interface Released {
  readonly time: number; // Unix ms, of the row
  readonly session: string | null;
  /** Found to be gone, by nobody's decision that is known. */
  readonly gone: boolean;
  readonly upTo: number;
}

/** What became of a session that is said to be released. */
export interface SessionEnds {
  /** It is not known to have ended: it was seen again, or EC2 did not take the call. */
  isLive(session: string): boolean;
  /** We announced that we would delete it. */
  ending(session: string): boolean;
}

/** By a person, who may also end what only waits; or by somebody who deleted it past us. */
const isRelease = ({ outcome, reason }: MirroringRow): boolean =>
  (outcome === 'release' && reason === 'asked') ||
  (outcome === 'report' && reason === 'gone') ||
  (outcome === 'refuse' && reason === 'released');

/** A finding of which a request was ended stands for all its interfaces. */
const EVERY = '';

export class Releases {
  readonly #released = new Map<string, Map<string, Released>>(); // by finding and interface, then row

  add(row: MirroringRow): void {
    const place = placeOf(row);
    const { interface_id, finding_id, finding_updated, event_time, session_id: session, reason } = row;
    if (place === null || row.phase !== 'decided' || !isRelease(row)) return;
    if (interface_id === null && (finding_id === null || reason !== 'released')) return;
    const key = purposeOn(interface_id ?? EVERY, purposeOf(finding_id));
    const known = this.#released.get(key) ?? new Map<string, Released>();
    const upTo = finding_updated ?? (reason === 'released' ? event_time : null) ?? place.time;
    const release = { time: place.time, session, gone: reason === 'gone', upTo };
    this.#released.set(key, known.set(`${place.plan} ${place.seq}`, release));
  }

  /** Unix ms; null: nobody released it. */
  upTo(finding: string | null, interfaceId: string, { isLive, ending }: SessionEnds): number | null {
    const over = [interfaceId, ...(finding === null ? [] : [EVERY])]
      .flatMap((on) => [...(this.#released.get(purposeOn(on, purposeOf(finding)))?.values() ?? [])])
      .filter(({ session, gone }) => session === null || (!(gone && ending(session)) && !isLive(session)));
    return over.length === 0 ? null : Math.max(...over.map(({ upTo }) => upTo));
  }

  /** Rows before that time, Unix ms. */
  forget(before: number): void {
    for (const [key, rows] of this.#released) {
      for (const [row, { time }] of rows) if (time < before) rows.delete(row);
      if (rows.size === 0) this.#released.delete(key);
    }
  }
}
