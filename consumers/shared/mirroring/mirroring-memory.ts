// Keeps what the audit of mirroring says, so that a question reads only what was written since the last one.
import type { MirroringHistory } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { SessionHistories } from '../../../pipeline/mirror-audit/session-histories.ts';
import { UnmirroredDecisions } from '../../../pipeline/mirror-audit/unmirrored.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { AuditTail } from './audit-tail.ts';

export class MirroringMemory {
  readonly #tail: AuditTail;
  readonly #sessions = new SessionHistories();
  readonly #unmirrored = new UnmirroredDecisions();
  readonly #warnings = new Set<string>();
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  /** Reads nothing yet. Sessions may be as old as the audit: the first question reads it from its beginning. */
  constructor(store: ObjectStore) {
    this.#tail = new AuditTail(store, 0);
  }

  /**
   * All that the audit says by now (Unix ms). Questions that wait are answered from one look at the store, which goes on
   * when one of them is left. Rejects with VF_STORE_* or the signal's reason.
   */
  async history(now: number, signal?: AbortSignal): Promise<MirroringHistory> {
    signal?.throwIfAborted();
    this.#next ??= this.#current.then(() => this.#look(now));
    await leavable(this.#next, signal);
    return {
      sessions: this.#sessions.all(),
      unmirrored: this.#unmirrored.all(),
      warnings: [...this.#warnings].sort(),
    };
  }

  async #look(now: number): Promise<void> {
    const look = this.#tail.look(now).then(({ rows, warnings }) => {
      for (const row of rows) {
        this.#sessions.add(row);
        this.#unmirrored.add(row);
      }
      for (const warning of warnings) this.#warnings.add(warning);
    });
    this.#current = look.catch(() => {}); // whoever waits for it is told
    this.#next = null;
    await look;
  }
}

/** Rejects with the signal's reason when that comes first. */
async function leavable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([work, left.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    work.catch(() => {}); // nobody may wait for it any more
  }
}
