// Turns the audit in the store into what turns must know of the past, region by region: read once, then followed, and forgotten.
import { Ledger } from '../../../pipeline/mirror-audit/ledger.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { MirrorMode } from '../../../schemas/mirroring/rules.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { AuditTail } from '../../shared/mirroring/audit-tail.ts';

const DAY = 24 * 60 * 60_000; // ms
/** A stream keeps its records for a week, as a rule: nothing older comes again. */
const AT_LEAST = 8 * DAY;

export interface MirrorPastOptions {
  readonly store: ObjectStore;
  readonly mode: MirrorMode;
  /** That the calls are made in. */
  readonly account: string;
  /** The longest life of a finding's session, ms. */
  readonly longest: number;
  readonly clock: Clock;
}

export class MirrorPast {
  readonly #options: MirrorPastOptions;
  readonly #tail: AuditTail;
  readonly #ledgers = new Map<string, Ledger>(); // by region
  #day: number; // since 1970

  constructor(options: MirrorPastOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#tail = new AuditTail(options.store, this.#from(now));
    this.#day = Math.floor(now / DAY);
  }

  /**
   * Reads what the audit has got since the last time, at first all of the last days; once a day, what is older than those
   * is forgotten. A sentence for each object that cannot be read. Rejects with VF_STORE_*, or the signal's reason: the
   * next one then reads it.
   */
  async refresh(signal: AbortSignal): Promise<readonly string[]> {
    const now = this.#options.clock.now();
    const { rows, warnings } = await this.#tail.look(now, signal);
    this.#add(rows);
    const day = Math.floor(now / DAY);
    if (day !== this.#day) for (const ledger of this.#ledgers.values()) ledger.forget(this.#from(now));
    this.#day = day;
    return warnings;
  }

  /** Rows of this process, which are durable under that key. */
  wrote(key: string, rows: readonly MirroringRow[]): void {
    this.#tail.skip(key);
    this.#add(rows);
  }

  of(region: string): Ledger {
    const known = this.#ledgers.get(region);
    if (known !== undefined) return known;
    const { mode, account } = this.#options;
    const ledger = new Ledger({ mode, account, region });
    this.#ledgers.set(region, ledger);
    return ledger;
  }

  /** Unix ms: nothing before it matters at `now`. */
  #from(now: number): number {
    return now - Math.max(AT_LEAST, this.#options.longest + DAY);
  }

  #add(rows: readonly MirroringRow[]): void {
    for (const [region, own] of Map.groupBy(rows, (row) => row.region)) if (region !== null) this.of(region).add(own);
  }
}
