// Keeps what the audit of mirroring says, so that a question reads only what was written since the last one.
import type { MirroringHistory } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { SessionHistories } from '../../../pipeline/mirror-audit/session-histories.ts';
import { UnmirroredDecisions } from '../../../pipeline/mirror-audit/unmirrored.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { readAudit } from './audit-files.ts';
import { AuditTail } from './audit-tail.ts';
import { listSummaries } from './day-summaries.ts';

export class MirroringMemory {
  readonly #store: ObjectStore;
  #tail: AuditTail | null = null;
  readonly #sessions = new SessionHistories();
  readonly #unmirrored = new UnmirroredDecisions();
  readonly #warnings = new Set<string>();
  #asOf = 0; // Unix ms
  #last: number | null = null; // Unix ms
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  /**
   * Reads nothing yet. Sessions may be as old as the audit: the first question reads the summaries of the days, and the
   * audit itself of days that have none.
   */
  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /**
   * All that the audit says by now (Unix ms). Questions that wait are answered from one look at the store, which goes on
   * when one of them is left. Rejects with VF_STORE_* or the signal's reason.
   */
  async history(now: number, signal?: AbortSignal): Promise<MirroringHistory> {
    signal?.throwIfAborted();
    this.#next ??= this.#current.then(() => this.#look(now));
    await unlessAborted(this.#next, signal);
    return {
      ...{ sessions: this.#sessions.all(), unmirrored: this.#unmirrored.all(), warnings: [...this.#warnings].sort() },
      ...{ asOf: this.#asOf, watermark: this.#last },
    };
  }

  async #look(now: number): Promise<void> {
    const look = this.#read(now);
    this.#current = look.catch(() => {}); // whoever waits for it is told
    this.#next = null;
    await look;
  }

  async #read(now: number): Promise<void> {
    this.#tail ??= await this.#begin();
    const { rows, warnings } = await this.#tail.look(now);
    this.#add(rows);
    for (const warning of warnings) this.#warnings.add(warning);
    this.#asOf = now;
  }

  /** A summary that cannot be read is as one that is not there: nothing is missing without it. */
  async #begin(): Promise<AuditTail> {
    const summaries = await listSummaries(this.#store);
    const covered = new Set<string>();
    const days = [...summaries.keys()];
    for await (const { rows, warning } of readAudit(this.#store, summaries.values())) {
      const day = days.shift();
      if (warning !== null || day === undefined) continue;
      this.#add(rows);
      covered.add(day);
    }
    return new AuditTail(this.#store, 0, covered);
  }

  #add(rows: readonly MirroringRow[]): void {
    for (const row of rows) {
      this.#sessions.add(row);
      this.#unmirrored.add(row);
      if (row.time !== null) this.#last = Math.max(row.time, this.#last ?? row.time);
    }
  }
}
