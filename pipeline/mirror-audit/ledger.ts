// Turns audit rows, in any order and however often, into what a plan must know of the past of one region.
import type { MirroringRow, SessionHistory } from '../../schemas/mirroring/audit-row.ts';
import type { MirrorRequest } from '../../schemas/mirroring/plan.ts';
import type { MirrorMode } from '../../schemas/mirroring/rules.ts';
import { purposeOf, purposeOn } from '../mirror-plan/purpose.ts';
import { readRequestKey } from '../mirror-plan/request-key.ts';
import { Releases } from './releases.ts';
import { decodeRequest } from './request-json.ts';
import { compareRows, placeOf, type RowPlace } from './row-order.ts';
import { SessionHistories } from './session-histories.ts';

/** Whose past: what was only planned says nothing about what was made. */
export interface LedgerScope {
  readonly mode: MirrorMode;
  readonly account: string;
  readonly region: string;
}

/** A state of a finding that a plan was about. */
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

export class Ledger {
  readonly #scope: LedgerScope;
  readonly #sessions = new SessionHistories();
  readonly #verdicts = new Map<string, Map<string, Verdict>>(); // by request, then plan
  readonly #requests = new Map<string, Set<string>>(); // keys by finding
  /** The JSON of each request, of the last row that has it. */
  readonly #asked = new Map<string, { readonly place: RowPlace; readonly json: string }>();
  readonly #released = new Releases();
  readonly #ending = new Map<string, number>(); // by session: Unix ms of the last call
  /** By finding and interface: the last release of a session whose target takes nothing any more. */
  readonly #lost = new Map<string, RowPlace>();

  constructor(scope: LedgerScope) {
    this.#scope = scope;
  }

  add(rows: Iterable<MirroringRow>): void {
    const { mode, account, region } = this.#scope;
    for (const row of rows) {
      if (row.mode !== mode || row.account_id !== account || row.region !== region) continue;
      this.#sessions.add(row);
      this.#addVerdict(row);
      this.#released.add(row);
      this.#addLost(row);
      if (!isOurEnd(row) || row.session_id === null) continue;
      this.#ending.set(row.session_id, Math.max(row.time ?? 0, this.#ending.get(row.session_id) ?? 0));
    }
  }

  /** Rows before that time, Unix ms, as far as nothing later is about the same. */
  forget(before: number): void {
    this.#sessions.forget(before);
    this.#released.forget(before);
    for (const [session, time] of this.#ending) if (time < before) this.#ending.delete(session);
    for (const [key, { time }] of this.#lost) if (time < before) this.#lost.delete(key);
    for (const [key, plans] of this.#verdicts) {
      if ([...plans.values()].some(({ place }) => place.time >= before)) continue;
      this.#verdicts.delete(key);
      this.#asked.delete(key);
    }
    for (const [finding, keys] of this.#requests) {
      for (const key of keys) if (!this.#verdicts.has(key)) keys.delete(key);
      if (keys.size === 0) this.#requests.delete(finding);
    }
  }

  /**
   * The last state of the finding that a plan was about, whatever became of its calls: they were made, or are asked for
   * again. An earlier state asks for nothing, and only what this one says ends its sessions.
   */
  latest(finding: string): DecidedFinding | null {
    return this.#lastOf(finding, () => true);
  }

  /**
   * The last state of the finding that was decided on, and whose calls EC2 has taken: the same state needs nothing
   * more. A state of which a process died between its calls is not among them.
   */
  decided(finding: string): DecidedFinding | null {
    return this.#lastOf(finding, isSettled);
  }

  /**
   * The same, of one interface (null: any): a state by which it was not looked at, because its region could not be read
   * or there was no session and it waits, is not among them.
   */
  decidedOn(finding: string, interfaceId: string | null): DecidedFinding | null {
    const isAbout = (row: MirroringRow): boolean =>
      interfaceId === null || row.interface_id === null || row.interface_id === interfaceId;
    return this.#lastOf(finding, (verdict) => {
      const rows = [...verdict.decisions.values()].filter(isAbout);
      const isOpen = rows.some(({ outcome, session_id }) => outcome === 'wait' && session_id === null);
      return isSettled(verdict) && rows.length > 0 && !isOpen;
    });
  }

  /** What the state of a finding with this key is taken to be updated at since it first came; null: it is new. */
  updatedAt(key: string): number | null {
    const verdict = this.#last(key);
    return verdict === null ? null : updatedOf(verdict);
  }

  /**
   * Somebody released or deleted the session of the finding on the interface (null: of a launch, or of an instance that
   * was there): the `updatedAt` of the state that was decided on by then, or without one the time of the release. A
   * later state of the finding may be mirrored again. Null: nobody did.
   */
  released(finding: string | null, interfaceId: string): number | null {
    return this.#released.upTo(finding, interfaceId, {
      isLive: (session) => this.session(session)?.ended === null,
      ending: (session) => this.ending(session),
    });
  }

  /**
   * Requests to be asked again, by key: the last plan about them waits for something, or was left between its calls, or
   * the target of what it made is gone since. Not those that have expired, nor those of which there is a later state of
   * the finding.
   */
  waiting(now: number): readonly MirrorRequest[] {
    const waiting: MirrorRequest[] = [];
    for (const key of [...this.#verdicts.keys()].sort()) {
      const verdict = this.#last(key);
      if (verdict === null) continue;
      const left = !isSettled(verdict) && verdict.place.time + LEFT_AFTER <= now;
      const open = [...verdict.decisions.values()].filter(
        (row) =>
          (row.outcome === 'wait' || left || this.#isLost(row, verdict)) && (row.expires === null || row.expires > now),
      );
      if (open.length === 0) continue;
      const request = decodeRequest(this.#asked.get(key)?.json ?? '');
      if (request === null) continue;
      const last = request.finding === null ? null : this.latest(request.finding.id);
      if (last === null || last.updatedAt <= (request.finding?.updatedAt ?? 0)) waiting.push(request);
    }
    return waiting;
  }

  /** Sessions that we made and that are not known to have ended. */
  sessions(): readonly SessionHistory[] {
    return this.#sessions.all().filter(({ ended }) => ended === null);
  }

  /** All that we made, with those that have ended. */
  histories(): readonly SessionHistory[] {
    return this.#sessions.all();
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
    const json = row.request_json;
    const asked = this.#asked.get(row.request);
    if (json !== null && (asked === undefined || compareRows(place, asked.place) >= 0))
      this.#asked.set(row.request, { place, json });
    else if (row.phase === 'calling') verdict.called.add(place.seq);
    else if (row.ok === true) verdict.taken.add(place.seq);
    // What waits is asked again every minute: only the last plan about it is kept.
    const last = this.#last(row.request);
    for (const [plan, { place }] of plans) if (last !== null && compareRows(place, last.place) < 0) plans.delete(plan);
    if (row.finding_id === null) return;
    const keys = this.#requests.get(row.finding_id) ?? new Set<string>();
    this.#requests.set(row.finding_id, keys.add(row.request));
  }

  #addLost(row: MirroringRow): void {
    const place = placeOf(row);
    const { interface_id, finding_id } = row;
    if (place === null || interface_id === null || row.phase !== 'decided') return;
    if (row.outcome !== 'release' || row.reason !== 'target_gone') return;
    const key = purposeOn(interface_id, purposeOf(finding_id));
    const known = this.#lost.get(key);
    if (known === undefined || compareRows(place, known) > 0) this.#lost.set(key, place);
  }

  /** A session for it was released since, or by the same plan, because its target is gone. */
  #isLost({ outcome, reason, interface_id, finding_id }: MirroringRow, { place }: Verdict): boolean {
    const isMirrored = ['create', 'extend', 'keep'].includes(outcome ?? '') || reason === 'target_gone';
    const lost = this.#lost.get(purposeOn(interface_id ?? '', purposeOf(finding_id)));
    return isMirrored && lost !== undefined && compareRows(lost, place) >= 0;
  }

  #lastOf(finding: string, counts: (verdict: Verdict) => boolean): DecidedFinding | null {
    let last: (DecidedFinding & { readonly claimed: number }) | null = null;
    for (const key of this.#requests.get(finding) ?? []) {
      const verdict = this.#last(key);
      if (verdict === null || !counts(verdict)) continue;
      const updatedAt = updatedOf(verdict);
      if (updatedAt === null) continue;
      const asker = readRequestKey(key); // where a clock is ahead, it says what the finding says
      const claimed = asker?.cause === 'finding' ? asker.updatedAt : updatedAt;
      if (last !== null && (last.updatedAt - updatedAt || last.claimed - claimed) >= 0) continue;
      last = { updatedAt, claimed, archived: [...verdict.decisions.values()].some(isArchived) };
    }
    return last === null ? null : { updatedAt: last.updatedAt, archived: last.archived };
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

const updatedOf = ({ decisions }: Verdict): number | null =>
  [...decisions.values()].find((row) => row.finding_updated !== null)?.finding_updated ?? null;

/** Also where EC2 did not let its sessions go yet: canonical JSON has no space, and no quotes that are not its own. */
const isArchived = ({ reason, request_json }: MirroringRow): boolean =>
  reason === 'archived' || request_json?.includes('"archived":true') === true;

const isOurEnd = ({ phase, action, reason }: MirroringRow): boolean =>
  phase === 'calling' && action === 'delete-session' && reason !== 'asked';

/** Nothing is left to do of it: no call was announced, or all were taken. */
const isSettled = ({ decisions, called, taken }: Verdict): boolean => {
  const changes = [...decisions.values()].some(({ outcome }) =>
    ['create', 'extend', 'release'].includes(outcome ?? ''),
  );
  return changes ? called.size > 0 && taken.size >= called.size : taken.size >= called.size;
};
