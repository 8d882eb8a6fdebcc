// What the audit is told of a plan: the plan, who asked for it, and the world that it was made for.
import type { MirrorAnswer } from '../../schemas/mirroring/account.ts';
import type { SessionHistory } from '../../schemas/mirroring/audit-row.ts';
import type { MirrorEvent } from '../../schemas/mirroring/events.ts';
import type { MirrorPlan, MirrorRequest, MirrorWorld } from '../../schemas/mirroring/plan.ts';
import type { MirrorMode } from '../../schemas/mirroring/rules.ts';

export interface AskedRequest {
  readonly request: MirrorRequest;
  /** Id of the event that it came with; null: of none. */
  readonly eventId: string | null;
}

export interface AboutState {
  readonly interface: string | null;
  readonly asked: boolean;
}

export interface AuditedPlan {
  /** Unique, sortable by time: `20261122T021500123Z-<worker>-<n>`. Its two objects begin with it. */
  readonly id: string;
  /** When it was made, Unix ms. */
  readonly time: number;
  readonly mode: MirrorMode;
  /** That the calls are made in; null where nothing had to be read to decide. */
  readonly account: string | null;
  readonly region: string | null;
  readonly requests: readonly AskedRequest[];
  /** Events that ask for nothing. */
  readonly ignored: readonly Extract<MirrorEvent, { kind: 'ignored' }>[];
  readonly plan: MirrorPlan;
  /** Null where nothing was read. */
  readonly world: Pick<MirrorWorld, 'instances' | 'interfaces' | 'sessions'> | null;
  /** What the audit knows of a session that EC2 may no longer have, and of the state of a finding. */
  readonly known: {
    session(id: string): SessionHistory | null;
    /** The last state by which the interface was decided on; where somebody asks, the last that is known. */
    decided(finding: string, about: AboutState): { readonly updatedAt: number } | null;
  };
}

/** What EC2 said to the call at the same place of the plan's actions. */
export interface AnsweredCall {
  readonly at: number; // Unix ms
  readonly answer: MirrorAnswer<unknown>;
}
