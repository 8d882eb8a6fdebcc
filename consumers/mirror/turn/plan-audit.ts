// Turns a plan into its two objects in the audit: durable before its calls are made, and after they were.
import type { AnsweredCall, AuditedPlan } from '../../../pipeline/mirror-audit/audited-plan.ts';
import { rowsAfter, rowsBefore } from '../../../pipeline/mirror-audit/plan-rows.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { MirrorMode } from '../../../schemas/mirroring/rules.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import type { Forwarder } from '../../shared/forward/forwarder.ts';
import { type AuditHalf, auditKey, putAudit } from '../../shared/mirroring/audit-files.ts';

export interface PlanAuditOptions {
  readonly store: ObjectStore;
  readonly mode: MirrorMode;
  /** Of no other process that runs, or ran: its plans are named after it. */
  readonly worker: string;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Where its rows are forwarded to as well. */
  readonly forward?: Forwarder | null;
  /** Told of each object that is durable. */
  readonly wrote: (key: string, rows: readonly MirroringRow[]) => void;
}

/** Plans of one millisecond are ordered by their number, as text. */
const PLAN_DIGITS = 8;

/** `20261122T021500123Z` */
const compactTime = (ms: number): string => new Date(ms).toISOString().replace(/[-:.]/g, '');

export class PlanAudit {
  readonly #options: PlanAuditOptions;
  #plans = 0;

  constructor(options: PlanAuditOptions) {
    this.#options = options;
  }

  /** The plan under an id of its own, once what it decided and will call is durable. Rejects with VF_STORE_*. */
  async before(draft: Omit<AuditedPlan, 'id' | 'time' | 'mode'>): Promise<AuditedPlan> {
    const { mode, worker, clock } = this.#options;
    const time = clock.now();
    this.#plans += 1;
    const id = `${compactTime(time)}-${worker}-${String(this.#plans).padStart(PLAN_DIGITS, '0')}`;
    const audited = { ...draft, id, time, mode };
    await this.#put(audited, 'before', rowsBefore(audited));
    return audited;
  }

  /** Resolves once the answers are durable: of the first of the plan's calls, in order. Rejects with VF_STORE_*. */
  async after(audited: AuditedPlan, answers: readonly AnsweredCall[]): Promise<void> {
    await this.#put(audited, 'after', rowsAfter(audited, answers));
  }

  async #put({ id, time }: AuditedPlan, half: AuditHalf, rows: readonly MirroringRow[]): Promise<void> {
    const { store, worker, meter, forward = null, wrote } = this.#options;
    const outcome = await putAudit(store, { time, plan: id, half }, rows, forward);
    if (outcome === 'nothing') return;
    const key = auditKey(time, id, half);
    if (outcome === 'exists') {
      throw new VpcflowError('VF_IN_USE', `${key} was written by another process as the worker ${worker}`, {
        help: 'give each process a worker id of its own',
      });
    }
    meter.count('mirrorAudit', 1, {});
    wrote(key, rows);
  }
}
