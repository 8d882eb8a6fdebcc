// Turns how the lines of each log group fared, epoch after epoch, into what somebody has to be told of its format.
import type { LineReason } from '../../schemas/rejects.ts';
import { type LogGroupLines, MAX_SAMPLES } from './group-tally.ts';

/** Lines by which a format is judged: those of as many epochs as it takes to have so many of the log group. */
const WINDOW_LINES = 20;
/** A log group drifts when this part of a window does not match, and has recovered when less than that does not. */
const DRIFTING = 0.5;
const RECOVERED = 0.01;
/** While it goes on, it is told this often. */
export const REPEAT_MS = 600_000;
/** Log groups are data: the one that was seen longest ago makes place for one more than this. */
const MAX_GROUPS = 1000;

/** What to tell of a log group. Lines, rejects and reasons are those since it was last told of. */
export interface DriftEvent {
  /** `begin`: most lines do not match, all at once; `still`: that goes on; `end`: they match again. */
  readonly kind: 'begin' | 'still' | 'end';
  readonly logGroup: string | null;
  readonly lines: number;
  readonly rejects: number;
  readonly byReason: Readonly<Partial<Record<LineReason, number>>>;
  /** The LogFormat by which the last of them were read; null at the end. */
  readonly format: string | null;
  readonly samples: readonly string[];
  readonly since: number; // when the drift began, Unix ms
}

/** Lines that do not match while their log group drifts. */
export interface DriftingLines {
  readonly logGroup: string | null;
  readonly rejects: number;
}

export interface Judgement {
  readonly events: readonly DriftEvent[];
  readonly drifting: readonly DriftingLines[];
}

interface Gathered {
  readonly lines: number;
  readonly rejects: number;
  readonly byReason: Readonly<Partial<Record<LineReason, number>>>;
  readonly format: string | null;
  readonly samples: readonly string[];
}

interface Group {
  /** Of the window that is not full yet. */
  readonly window: Gathered;
  /** Of full windows, not told yet. */
  readonly untold: Gathered;
  /** null: its lines match, as far as is known. */
  readonly drift: { readonly since: number; readonly told: number } | null; // Unix ms
}

const NOTHING: Gathered = { lines: 0, rejects: 0, byReason: {}, format: null, samples: [] };

const added = (a: Gathered, b: Gathered): Gathered => {
  const byReason = { ...a.byReason };
  for (const [reason, count] of Object.entries(b.byReason) as [LineReason, number][]) {
    byReason[reason] = (byReason[reason] ?? 0) + count;
  }
  return {
    lines: a.lines + b.lines,
    rejects: a.rejects + b.rejects,
    byReason,
    format: b.format ?? a.format,
    samples: [...a.samples, ...b.samples].slice(0, MAX_SAMPLES),
  };
};

interface Step {
  readonly group: Group;
  readonly event: Omit<DriftEvent, 'logGroup'> | null;
  readonly drifting: number; // lines
}

/** One more epoch of a log group. */
const step = (before: Group, { lines, rejects, byReason, format, samples }: LogGroupLines, at: number): Step => {
  const { drift } = before;
  const window = added(before.window, { lines, rejects, byReason, format, samples });
  if (window.lines < WINDOW_LINES) return { group: { ...before, window }, event: null, drifting: 0 };
  const share = window.rejects / window.lines;
  if (drift === null) {
    if (share < DRIFTING) return { group: { ...before, window: NOTHING }, event: null, drifting: 0 };
    return {
      group: { window: NOTHING, untold: NOTHING, drift: { since: at, told: at } },
      event: { kind: 'begin', ...window, since: at },
      drifting: window.rejects,
    };
  }
  if (share < RECOVERED) {
    const { lines, rejects, byReason } = added(before.untold, window);
    const untold = { lines, rejects, byReason, format: null, samples: [] };
    return {
      group: { window: NOTHING, untold: NOTHING, drift: null },
      event: { kind: 'end', ...untold, since: drift.since },
      drifting: window.rejects,
    };
  }
  const untold = added(before.untold, window);
  if (at - drift.told < REPEAT_MS) {
    return { group: { window: NOTHING, untold, drift }, event: null, drifting: window.rejects };
  }
  return {
    group: { window: NOTHING, untold: NOTHING, drift: { ...drift, told: at } },
    event: { kind: 'still', ...untold, since: drift.since },
    drifting: window.rejects,
  };
};

/** Keeps what is known of each log group. Lines without a log group (null) are one. Time comes with each epoch. */
export class DriftWatch {
  readonly #groups = new Map<string | null, Group>(); // the one seen last stands last

  /** An epoch was committed at `at` (Unix ms); what is to be told and counted of it. */
  epoch(groups: readonly LogGroupLines[], at: number): Judgement {
    const events: DriftEvent[] = [];
    const drifting: DriftingLines[] = [];
    for (const fared of groups) {
      const { logGroup } = fared;
      const before = this.#groups.get(logGroup) ?? { window: NOTHING, untold: NOTHING, drift: null };
      const next = step(before, fared, at);
      this.#groups.delete(logGroup);
      this.#groups.set(logGroup, next.group);
      if (this.#groups.size > MAX_GROUPS) this.#groups.delete(this.#groups.keys().next().value ?? null);
      if (next.event !== null) events.push({ logGroup, ...next.event });
      if (next.drifting > 0) drifting.push({ logGroup, rejects: next.drifting });
    }
    return { events, drifting };
  }
}
