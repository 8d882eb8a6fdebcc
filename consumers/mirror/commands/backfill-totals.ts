// Turns the reports of a backfill's pages into how far it is, what came of it, and what its reader has to put right.
import { decisionCounts } from '../../../pipeline/mirror-preview/summary.ts';
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { DecisionReason, MirrorDecision } from '../../../schemas/mirroring/plan.ts';
import type { MirrorMode } from '../../../schemas/mirroring/rules.ts';
import { isTerminal } from '../../shared/terminal.ts';
import type { TurnReport } from '../work.ts';

/** Reasons that go away only when somebody changes the rules, the account or the permissions. */
const OURS: readonly DecisionReason[] = ['denied', 'filter_missing', 'target_missing'];

export class BackfillTotals {
  readonly #done: string;
  #instances = 0;
  #sessions = 0;
  readonly #last = new Map<string, MirrorDecision>(); // the last one about each interface
  readonly #unread = new Set<string>();

  constructor(mode: MirrorMode) {
    this.#done = mode === 'plan' ? 'planned' : 'made';
  }

  add(instances: number, { rounds }: TurnReport): void {
    this.#instances += instances;
    for (const { decisions, calls, unread } of rounds) {
      for (const decision of decisions) {
        const { request, instance, interface: source } = decision;
        this.#last.set(JSON.stringify([request, instance, source]), decision);
      }
      this.#sessions += calls.filter(({ action, answer }) => action.kind === 'create-session' && answer.ok).length;
      if (unread !== null) this.#unread.add(unread);
    }
  }

  get instances(): number {
    return this.#instances;
  }

  /** `13 sessions made`, or `planned`. */
  get sessions(): string {
    return `${formatMany(this.#sessions, 'session')} ${this.#done}`;
  }

  /** What was decided in the end, counted. */
  lines(): readonly string[] {
    const made = `${this.sessions} for ${formatMany(this.#instances, 'instance')}`;
    const others = [...this.#last.values()].filter(({ outcome }) => outcome !== 'create');
    const waits = others.some(({ outcome }) => outcome === 'wait');
    return [
      made,
      ...decisionCounts(others).map((line) => `  ${line}`),
      ...(waits ? ['what waits is asked for again by `vpcflow mirror run`, and when this is run again'] : []),
    ];
  }

  /** One sentence for each thing that is to be put right: the first of its kind, and how many there are. */
  problems(): readonly string[] {
    const wrong = [...this.#last.values()].filter(({ reason }) => OURS.includes(reason));
    const byReason = [...Map.groupBy(wrong, ({ reason }) => reason)];
    return [
      ...this.#unread,
      ...byReason.map(([reason, all]) => {
        const more = all.length === 1 ? '' : `; and ${formatCount(all.length - 1)} more`;
        return `${reason}: ${all[0].detail}${more}`;
      }),
    ];
  }
}

export interface Progress {
  show(totals: BackfillTotals): void;
  stop(): void;
}

/** How many instances of all have been looked at, where standard error is a terminal; nowhere else. */
export const showProgress = (stream: NodeJS.WritableStream, all: number): Progress => {
  if (!isTerminal(stream)) return { show: () => {}, stop: () => {} };
  return {
    show: ({ instances, sessions }) => {
      const done = `${formatCount(instances)} of ${formatMany(all, 'instance')}`;
      stream.write(`\r${done}, ${sessions}`);
    },
    stop: () => void stream.write('\r\u001b[K'),
  };
};
