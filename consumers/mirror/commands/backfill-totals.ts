// Turns the reports of a backfill's pages into how far it is, what came of it, and what its reader has to put right.
import { decisionCounts } from '../../../pipeline/mirror-plan/text/summary.ts';
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { DecisionReason, MirrorDecision } from '../../../schemas/mirroring/plan.ts';
import type { MirrorMode } from '../../../schemas/mirroring/rules.ts';
import { isTerminal } from '../../shared/terminal.ts';
import type { RequestedCall } from '../turn/rounds.ts';
import type { TurnReport } from '../turn/work.ts';

/** Reasons that go away only when somebody changes the rules, the account or the permissions. */
const OURS: readonly DecisionReason[] = ['denied', 'filter_missing', 'target_missing'];

export class BackfillTotals {
  readonly #done: string;
  #instances = 0;
  #sessions = 0;
  /** Requests of the page that is under way of which something was called. */
  readonly #reached = new Set<string>();
  readonly #last = new Map<string, MirrorDecision>(); // the last one about each interface
  readonly #unread = new Set<string>();

  constructor(mode: MirrorMode) {
    this.#done = mode === 'plan' ? 'planned' : 'made';
  }

  /** EC2's answer to a call of the page that is under way, which may be left before it is at its end. */
  heard({ action, answer, request }: RequestedCall): void {
    if (request !== null) this.#reached.add(request);
    if (action.kind === 'create-session' && answer.ok) this.#sessions += 1;
  }

  /** A page is at its end. */
  add(instances: number, { rounds }: TurnReport): void {
    this.#instances += instances;
    this.#reached.clear();
    for (const { decisions, unread } of rounds) {
      for (const decision of decisions) {
        const { request, instance, interface: source } = decision;
        this.#last.set(JSON.stringify([request, instance, source]), decision);
      }
      if (unread !== null) this.#unread.add(unread);
    }
  }

  /** Looked at so far. */
  get instances(): number {
    return this.#instances + this.#reached.size;
  }

  /** `13 sessions made`, or `planned`. */
  get sessions(): string {
    return `${formatMany(this.#sessions, 'session')} ${this.#done}`;
  }

  /** What was decided in the end, counted. */
  lines(): readonly string[] {
    const made = `${this.sessions} for ${formatMany(this.instances, 'instance')}`;
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

const NONE: Progress = { show: () => {}, stop: () => {} };

/** How many instances of all have been looked at, as a bar, where standard error is a terminal; nowhere else. */
export const showProgress = async (stream: NodeJS.WritableStream, all: number): Promise<Progress> => {
  if (!isTerminal(stream)) return NONE;
  const { Presets, SingleBar } = await import('cli-progress');
  const format = ' {bar} {text}';
  const options = { stream, format, barsize: 16, clearOnComplete: true, hideCursor: true };
  const bar = new SingleBar(options, Presets.shades_classic);
  bar.start(Math.max(all, 1), 0, { text: '' });
  return {
    show: ({ instances, sessions }) =>
      bar.update(instances, { text: `${formatCount(instances)} of ${formatMany(all, 'instance')} | ${sessions}` }),
    stop: () => bar.stop(),
  };
};
