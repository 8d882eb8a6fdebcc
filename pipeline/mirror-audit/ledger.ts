// Turns audit rows, in any order and however often, into what a plan must know of the past of one region.
import type { MirroringRow, SessionHistory } from '../../schemas/mirroring/audit-row.ts';
import type { MirrorRequest } from '../../schemas/mirroring/plan.ts';
import type { MirrorMode } from '../../schemas/mirroring/rules.ts';
import { purposeOf, purposeOn } from '../mirror-plan/purpose.ts';
import { decodeRequest } from './request-json.ts';
import { compareRows, placeOf, type RowPlace } from './row-order.ts';
import { SessionHistories } from './session-histories.ts';

/** Whose past: what was only planned says nothing about what was made. */
export interface LedgerScope {
  readonly mode: MirrorMode;
  readonly account: string;
  readonly region: string;
}

/** The last state of a finding that was decided on to the end. */
export interface DecidedFinding {
  readonly updatedAt: number; // Unix ms
  readonly archived: boolean;
}

/**
 * After this time, a request whose calls were not all made or not all taken was left by a process that died: another
 * one may carry on.
 */
export const LEFT_AFTER = 120_000; // ms

/** What one plan says about one request. */
interface Verdict {
  readonly place: RowPlace; // of its first decision that is known
  readonly decisions: Map<number, MirroringRow>; // by seq
  readonly called: Set<number>;
  readonly taken: Set<number>;
}

interface Released {
  readonly place: RowPlace;
  readonly mode: MirrorMode;
  readonly session: string | null;
  /** Found to be gone, by nobody's decision that is known. */
  readonly gone: boolean;
  readonly upTo: number;
}

export class Ledger {
  readonly #scope: LedgerScope;
  readonly #sessions = new SessionHistories();
  readonly #verdicts = new Map<string, Map<string, Verdict>>(); // by request, then plan
  readonly #requests = new Map<string, Set<string>>(); // keys by finding
  readonly #released = new Map<string, Map<string, Released>>(); // by finding and interface, then row
  readonly #ending = new Set<string>(); // sessions

  constructor(scope: LedgerScope) {
    this.#scope = scope;
  }

  add(rows: Iterable<MirroringRow>): void {
    const { mode, account, region } = this.#scope;
    for (const row of rows) {
      if (row.mode !== mode || row.account_id !== account || row.region !== region) continue;
      this.#sessions.add(row);
      this.#addVerdict(row);
      this.#addRelease(row);
      if (isOurEnd(row) && row.session_id !== null) this.#ending.add(row.session_id);
    }
  }

  /**
   * The last state of the finding that was decided on, and whose calls EC2 has taken: the same state needs nothing
   * more. A state of which a process died between its calls is not among them.
   */
  decided(finding: string): DecidedFinding | null {
    let last: DecidedFinding | null = null;
    for (const key of this.#requests.get(finding) ?? []) {
      const verdict = this.#last(key);
      if (verdict === null || !isSettled(verdict)) continue;
      const rows = [...verdict.decisions.values()];
      const updatedAt = rows.find((row) => row.finding_updated !== null)?.finding_updated ?? null;
      if (updatedAt === null || (last !== null && last.updatedAt >= updatedAt)) continue;
      last = { updatedAt, archived: rows.some((row) => row.reason === 'archived') };
    }
    return last;
  }

  /**
   * Somebody released or deleted the session of the finding on the interface (null: of a launch, or of an instance that
   * was there): the `updatedAt` of the state that was decided on by then, or without one the time of the release. A
   * later state of the finding may be mirrored again. Null: nobody did.
   */
  released(finding: string | null, interfaceId: string): number | null {
    const all = [...(this.#released.get(purposeOn(interfaceId, purposeOf(finding)))?.values() ?? [])];
    const over = all.filter(
      ({ mode, session, gone }) =>
        session === null || (!(gone && this.ending(session)) && this.#sessions.get(mode, session)?.ended !== null),
    );
    return over.length === 0 ? null : Math.max(...over.map(({ upTo }) => upTo));
  }

  /**
   * Requests to be asked again, by key: the last plan about them waits for something, or was left between its calls.
   * Not those that have expired, nor those of which a later state of the finding was decided on.
   */
  waiting(now: number): readonly MirrorRequest[] {
    const waiting: MirrorRequest[] = [];
    for (const key of [...this.#verdicts.keys()].sort()) {
      const verdict = this.#last(key);
      if (verdict === null) continue;
      const left = !isSettled(verdict) && verdict.place.time + LEFT_AFTER <= now;
      const open = [...verdict.decisions.values()].filter(
        ({ outcome, expires }) => (outcome === 'wait' || left) && (expires === null || expires > now),
      );
      const request = open.map(({ request_json }) => decodeRequest(request_json ?? '')).find((one) => one !== null);
      if (request === undefined || request === null) continue;
      const last = request.finding === null ? null : this.decided(request.finding.id);
      if (last === null || last.updatedAt <= (request.finding?.updatedAt ?? 0)) waiting.push(request);
    }
    return waiting;
  }

  /** Sessions that we made and that are not known to have ended. */
  sessions(): readonly SessionHistory[] {
    return this.#sessions.all().filter(({ ended }) => ended === null);
  }

  /** The session's life; null for one that we did not make. */
  session(id: string): SessionHistory | null {
    return this.#sessions.get(this.#scope.mode, id);
  }

  /**
   * We announced that we would delete the session, because it was over: whoever finds it gone needs to look for nobody
   * else, as when a process died before it wrote down EC2's answer.
   */
  ending(session: string): boolean {
    return this.#ending.has(session);
  }

  #addVerdict(row: MirroringRow): void {
    const place = placeOf(row);
    // That an older state came again says nothing of the request that it was replaced by, nor of itself.
    if (place === null || row.request === null || row.reason === 'superseded') return;
    const plans = this.#verdicts.get(row.request) ?? new Map<string, Verdict>();
    this.#verdicts.set(row.request, plans);
    const known = plans.get(place.plan);
    const first = known === undefined || compareRows(place, known.place) < 0 ? place : known.place;
    const verdict = { ...(known ?? { decisions: new Map(), called: new Set(), taken: new Set() }), place: first };
    plans.set(place.plan, verdict);
    if (row.phase === 'decided') verdict.decisions.set(place.seq, row);
    else if (row.phase === 'calling') verdict.called.add(place.seq);
    else if (row.ok === true) verdict.taken.add(place.seq);
    // What waits is asked again every minute: only the last plan about it is kept.
    const last = this.#last(row.request);
    for (const [plan, { place }] of plans) if (last !== null && compareRows(place, last.place) < 0) plans.delete(plan);
    if (row.finding_id === null) return;
    const keys = this.#requests.get(row.finding_id) ?? new Set<string>();
    this.#requests.set(row.finding_id, keys.add(row.request));
  }

  #addRelease(row: MirroringRow): void {
    const place = placeOf(row);
    const { interface_id, finding_id, finding_updated, session_id: session } = row;
    if (place === null || interface_id === null || row.phase !== 'decided' || !isRelease(row)) return;
    const key = purposeOn(interface_id, purposeOf(finding_id));
    const known = this.#released.get(key) ?? new Map<string, Released>();
    const gone = row.reason === 'gone';
    const release = { place, mode: this.#scope.mode, session, gone, upTo: finding_updated ?? place.time };
    this.#released.set(key, known.set(`${place.plan} ${place.seq}`, release));
  }

  /** The verdict of the last plan about a request; null where only its calls are known. */
  #last(key: string): Verdict | null {
    let last: Verdict | null = null;
    for (const verdict of this.#verdicts.get(key)?.values() ?? []) {
      if (verdict.decisions.size === 0) continue;
      if (last === null || compareRows(verdict.place, last.place) > 0) last = verdict;
    }
    return last;
  }
}

/** By a person, or by somebody who deleted it past us. */
const isRelease = ({ outcome, reason }: MirroringRow): boolean =>
  (outcome === 'release' && reason === 'asked') || (outcome === 'report' && reason === 'gone');

const isOurEnd = ({ phase, action, reason }: MirroringRow): boolean =>
  phase === 'calling' && action === 'delete-session' && reason !== 'asked';

/** Nothing is left to do of it: no call was announced, or all were taken. */
const isSettled = ({ decisions, called, taken }: Verdict): boolean => {
  const changes = [...decisions.values()].some(({ outcome }) =>
    ['create', 'extend', 'release'].includes(outcome ?? ''),
  );
  return changes ? called.size > 0 && taken.size >= called.size : taken.size >= called.size;
};
