// Follows the audit of mirroring: each look reads the objects that were not there at the look before.
import { hourPartition } from '../../../pipeline/keys.ts';
import { HOUR_MS } from '../../../pipeline/window/window.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';
import { listAudit, readAudit } from './audit-files.ts';

/** An object may appear this much after the time of its plan, under a key that others have passed. */
const LATE = HOUR_MS;

export class AuditTail {
  readonly #store: ObjectStore;
  readonly #covered: ReadonlySet<string>;
  /** Keys of the last hours, that no look reads again. */
  readonly #read = new Set<string>();
  #from: number;

  /** From the hour of `from` (Unix ms) on, without the days that are `covered` by something else. */
  constructor(store: ObjectStore, from: number, covered: ReadonlySet<string> = new Set()) {
    this.#store = store;
    this.#covered = covered;
    this.#from = from;
  }

  /** The object is known here: whoever wrote it need not read it. */
  skip(key: string): void {
    this.#read.add(key);
  }

  /**
   * Rows that were not there before, and a sentence for each object that cannot be read, once. What another process
   * wrote more than an hour after its plan's time is not found. Rejects with VF_STORE_*; the next look then begins
   * where this one did.
   */
  async look(
    now: number,
    signal?: AbortSignal,
  ): Promise<{ readonly rows: readonly MirroringRow[]; readonly warnings: readonly string[] }> {
    const rows: MirroringRow[] = [];
    const warnings: string[] = [];
    const keys: string[] = [];
    for await (const object of readAudit(this.#store, this.#unread(), signal)) {
      rows.push(...object.rows);
      if (object.warning !== null) warnings.push(object.warning);
      keys.push(object.key);
    }
    for (const key of keys) this.#read.add(key);
    this.#from = Math.max(this.#from, now - LATE);
    const first = `mirroring/${hourPartition(this.#from)}/`;
    for (const key of this.#read) if (key < first) this.#read.delete(key);
    return { rows, warnings };
  }

  async *#unread(): AsyncIterable<ListedObject> {
    const range = { from: this.#from, covered: this.#covered };
    for await (const object of listAudit(this.#store, range)) if (!this.#read.has(object.key)) yield object;
  }
}
