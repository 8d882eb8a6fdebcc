// Turns the audit rows of a day into those that answers about mirroring need of it, most of which are left out.
import type { MirroringRow } from '../../schemas/mirroring/audit-row.ts';
import { compareRows, placeOf } from './row-order.ts';
import { SessionHistories } from './session-histories.ts';
import { UnmirroredDecisions } from './unmirrored.ts';

/** Rows come in any order, and more than once. */
export class DaySummary {
  readonly #sessions = new SessionHistories();
  readonly #unmirrored = new UnmirroredDecisions();
  #last: MirroringRow | null = null;

  add(row: MirroringRow): void {
    const place = placeOf(row);
    if (place === null) return;
    this.#sessions.add(row);
    this.#unmirrored.add(row);
    const last = this.#last === null ? null : placeOf(this.#last);
    if (last === null || compareRows(place, last) > 0) this.#last = row;
  }

  /**
   * In the place of all rows of the day, these give the same lives of sessions and the same decisions without one,
   * whatever is added of the days before and after; the last row of the day is among them. In their order, each once.
   */
  rows(): readonly MirroringRow[] {
    const kept = new Map<string, MirroringRow>();
    const last = this.#last === null ? [] : [this.#last];
    for (const row of [...this.#unmirrored.kept(), ...this.#sessions.kept(), ...last])
      kept.set(`${row.plan} ${row.seq}`, row);
    return [...kept.values()].sort((a, b) => {
      const [first, second] = [placeOf(a), placeOf(b)];
      return first === null || second === null ? 0 : compareRows(first, second);
    });
  }
}
