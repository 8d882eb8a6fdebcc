// What differs between the graphs of two windows, as `diff` answers it; every count is an exact integer.
import type { Counting, GraphEdge, GraphNode, KnownGrouping } from './graph.ts';
import type { Completeness, Window } from './query.ts';

/**
 * An edge is a source, a target and an action. `added`: only in the window. `removed`: only in the other one. `changed`:
 * in both, with other flows, packets or bytes. `flipped`: removed as ACCEPT and added as REJECT between the same two
 * nodes, or the other way round; such a pair is one difference and in none of the other classes.
 */
export const DIFF_CLASSES = ['added', 'removed', 'changed', 'flipped'] as const;
export type DiffClass = (typeof DIFF_CLASSES)[number];

/** What a window is compared with: the one just before, or the same a day or a week earlier. */
export const AGAINST = ['before', 'day', 'week'] as const;
export type Against = (typeof AGAINST)[number];

export type SideEdge = Omit<GraphEdge, 'source' | 'target'>;

/** `before` is the edge of the window that is compared with, `after` that of the window; null where it has none. */
export interface Difference {
  readonly change: DiffClass;
  readonly source: string;
  readonly target: string;
  readonly before: SideEdge | null;
  readonly after: SideEdge | null;
  /** Bytes a minute, after over before; null without bytes before or without an edge on both sides. */
  readonly ratio: number | null;
}

export interface Measures {
  readonly flows: bigint;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** A whole window, whatever `--top` folds. */
export interface WindowTotals extends Measures {
  readonly nodes: number;
  readonly edges: number;
}

/** A class: its edges (a flipped pair is one), and their measures in both windows. */
export interface ClassTotals {
  readonly edges: number;
  readonly before: Measures;
  readonly after: Measures;
}

export interface DiffTotals {
  readonly window: WindowTotals;
  readonly against: WindowTotals;
  readonly classes: Readonly<Record<DiffClass | 'unchanged', ClassTotals>>;
  /** How many nodes of the two windows `--top` folds. */
  readonly others: number;
}

/** One of the two windows: what was asked for, and the complete minutes of it that were compared. */
export interface ComparedWindow {
  readonly asked: Window;
  readonly compared: Window;
  readonly completeness: Completeness;
}

export interface DiffHead {
  readonly window: ComparedWindow;
  readonly against: ComparedWindow;
  readonly count: Counting;
  readonly group: KnownGrouping;
}

/** A difference that is to be drawn: with its nodes, sorted by id. */
export interface Diff extends DiffHead {
  readonly totals: DiffTotals;
  readonly differences: readonly Difference[];
  readonly nodes: readonly GraphNode[];
}
