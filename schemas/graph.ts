// The graph of a window: who talked to whom, as `graph --format json` writes it; every count is an exact integer.

/** What a node of the graph can be. `security-group` is in the list because it has an answer: it needs the inventory. */
export const GROUPINGS = ['address', 'cidr24', 'subnet', 'vpc', 'instance', 'interface', 'security-group'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** `conversations` counts a flow once, whoever logged it; `observed` adds what every interface logged. */
export const COUNTINGS = ['conversations', 'observed'] as const;
export type Counting = (typeof COUNTINGS)[number];

/**
 * What a node stands for: the grouping's own kind; `address` where an address could not be placed in a group;
 * `unknown` for an address that was not logged; `others` for what `--top` folded.
 */
export type NodeKind = Exclude<Grouping, 'security-group'> | 'unknown' | 'others';

export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: NodeKind;
  readonly bytes_in: bigint;
  readonly bytes_out: bigint;
}

/** One edge per source, target and action. */
export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly action: string | null;
  /** IANA numbers, ascending. */
  readonly protocols: readonly number[];
  /** The service ports with most bytes, most first (then ascending); at most MAX_EDGE_PORTS of them. */
  readonly ports: readonly number[];
  readonly flows: bigint;
  readonly packets: bigint;
  readonly bytes: bigint;
  /** The plain sum over every interface that logged it. */
  readonly bytes_observed: bigint;
  /** How many distinct interfaces logged it. */
  readonly witnesses: number;
  /** Unix seconds: the first start and the last end of all its records; null where none was logged. */
  readonly start: number | null;
  readonly stop: number | null;
}

/** What `--top` hides: nodes folded, edges and bytes not drawn between two kept nodes. */
export interface GraphOthers {
  readonly nodes: number;
  readonly edges: number;
  readonly bytes: bigint;
}

/** The whole window, whatever is drawn of it. */
export interface GraphTotals {
  readonly nodes: number;
  readonly edges: number;
  readonly flows: bigint;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Nodes and edges are sorted: by id, and by source, target, action (code points; a NULL action last). */
export interface Graph {
  readonly start: number; // Unix ms, inclusive
  readonly stop: number; // Unix ms, exclusive
  readonly complete: boolean | null;
  readonly watermark: number | null; // Unix ms
  readonly count: Counting;
  readonly group: Grouping;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly others: GraphOthers;
  readonly totals: GraphTotals;
}

/** How many ports an edge names. */
export const MAX_EDGE_PORTS = 20;
