// Turns sessions and decisions without one into the sessions that carry their packets: EC2 mirrors a packet only once.
//
// It goes to the session of the interface with the lowest number whose filter accepts it. So the packets of a finding may
// lie in the session of another, also where the interface had no room for one of its own.
import type { SessionHistory } from '../../schemas/mirroring/audit-row.ts';
import type { Unmirrored } from './unmirrored.ts';

/** What is asked for on one interface. */
interface Wanted {
  readonly mode: string | null;
  readonly account_id: string | null;
  readonly region: string | null;
  readonly interface_id: string | null;
  /** Null: whatever number. */
  readonly number: number | null;
  readonly session_id: string | null;
  /** Unix ms; Infinity: it goes on. */
  readonly start: number;
  readonly stop: number;
}

const placeOf = ({ mode, account_id, region, interface_id }: Omit<Wanted, 'start' | 'stop' | 'number'>): string =>
  JSON.stringify([mode, account_id, region, interface_id]);

export class Carriers {
  readonly #byPlace: ReadonlyMap<string, readonly SessionHistory[]>;

  constructor(sessions: readonly SessionHistory[]) {
    this.#byPlace = Map.groupBy(sessions, placeOf);
  }

  /** Of the session's interface, during its life, with a lower number than its own; by number. */
  ofSession(session: SessionHistory): readonly SessionHistory[] {
    const { started: start, ended, session_number: number } = session;
    return number === null ? [] : this.#of({ ...session, number, start, stop: ended ?? Infinity });
  }

  /** Of the interface that the decision is about, as long as a session of its own would have lived; by number. */
  ofDecision({ time: start, row }: Unmirrored): readonly SessionHistory[] {
    return row.interface_id === null
      ? []
      : this.#of({ ...row, session_id: null, number: null, start, stop: row.expires ?? Infinity });
  }

  #of(wanted: Wanted): readonly SessionHistory[] {
    const { number, session_id, start, stop } = wanted;
    if (stop <= start) return [];
    return (this.#byPlace.get(placeOf(wanted)) ?? [])
      .filter(
        (one) =>
          one.session_id !== session_id &&
          one.started < stop &&
          (one.ended ?? Infinity) > start &&
          (number === null || (one.session_number !== null && one.session_number < number)),
      )
      .toSorted((a, b) => (a.session_number ?? 0) - (b.session_number ?? 0) || a.started - b.started);
  }
}
