// Turns audit rows, in any order and however often, into who asked for packets and has none, and why.
import type { MirroringRow } from '../../schemas/mirroring/audit-row.ts';
import { IGNORED_EVENTS } from '../../schemas/mirroring/events.ts';
import { DECISION_REASONS } from '../../schemas/mirroring/plan.ts';
import { compareRows, placeOf, type RowPlace } from './row-order.ts';

/** One decision that led to no session. */
export interface Unmirrored {
  readonly time: number; // Unix ms
  /** `ignored`: the finding asked for nothing, or is archived. */
  readonly state: 'refused' | 'waiting' | 'ignored';
  readonly row: MirroringRow;
  /** One sentence. */
  readonly why: string;
}

/** What the last plan about somebody decided. */
interface LastPlan {
  readonly place: RowPlace; // of its first decision
  readonly rows: ReadonlyMap<number, MirroringRow>; // by seq
}

/** Events about which somebody may ask why there are no packets: they name a finding. */
const isAskedAbout = ({ finding_id, reason }: MirroringRow): boolean =>
  finding_id !== null && Object.hasOwn(IGNORED_EVENTS, reason ?? '');

const REASONS: Readonly<Record<string, string>> = { ...IGNORED_EVENTS, ...DECISION_REASONS };

const STATES: Readonly<Record<string, Unmirrored['state']>> = {
  ...{ refuse: 'refused', wait: 'waiting', report: 'ignored' },
  keep: 'ignored', // archived
};

export class UnmirroredDecisions {
  readonly #plans = new Map<string, Map<string, LastPlan>>(); // by who asked, then plan
  readonly #ignored = new Map<string, MirroringRow>();

  add(row: MirroringRow): void {
    const place = placeOf(row);
    if (place === null || row.phase !== 'decided') return;
    if (row.request === null) {
      if (isAskedAbout(row)) this.#ignored.set(`${place.plan} ${place.seq}`, row);
      return;
    }
    // That an older state came again says nothing of what was decided.
    if (row.reason !== 'superseded') this.#addDecision({ ...row, request_json: null }, place);
  }

  /** By time, then as the rows stand in their plan. */
  all(): readonly Unmirrored[] {
    const rows = [...this.#ignored.values()];
    for (const plans of this.#plans.values()) {
      for (const { rows: decided } of plans.values()) rows.push(...[...decided.values()].filter(isWithout));
    }
    const placed = rows.flatMap((row) => {
      const place = placeOf(row);
      return place === null ? [] : [{ row, place }];
    });
    placed.sort((a, b) => compareRows(a.place, b.place));
    return placed.map(({ row, place }) => ({
      ...{ time: place.time, state: STATES[row.outcome ?? ''] ?? 'refused', row },
      why: sentence(row),
    }));
  }

  /** Rows that, in the place of all that were added, say the same, whatever else is added. */
  kept(): readonly MirroringRow[] {
    const decided = [...this.#plans.values()].flatMap((plans) => [...plans.values()]);
    return [...this.#ignored.values(), ...decided.flatMap(({ rows }) => [...rows.values()])];
  }

  #addDecision(row: MirroringRow, place: RowPlace): void {
    const who = JSON.stringify([row.mode, row.account_id, row.region, row.finding_id ?? row.request]);
    const plans = this.#plans.get(who) ?? new Map<string, LastPlan>();
    this.#plans.set(who, plans);
    const known = plans.get(place.plan);
    const first = known === undefined || compareRows(place, known.place) < 0 ? place : known.place;
    plans.set(place.plan, { place: first, rows: new Map(known?.rows).set(place.seq, row) });
    const last = [...plans.values()].reduce((a, b) => (compareRows(a.place, b.place) > 0 ? a : b));
    for (const [plan, one] of plans) if (one !== last) plans.delete(plan);
  }
}

const isWithout = ({ outcome, reason }: MirroringRow): boolean =>
  outcome === 'refuse' || outcome === 'wait' || (outcome === 'keep' && reason === 'archived');

/** What the reason means, and what was special about it here. */
const sentence = ({ reason, detail }: MirroringRow): string =>
  [REASONS[reason ?? ''] ?? reason, detail]
    .filter((part) => part !== null && part !== undefined && part !== '')
    .join(': ');
