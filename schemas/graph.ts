// The graph of a window: who talked to whom, as `graph --format json` writes it; every count is an exact integer.

/**
 * What a node of the graph can be, besides networks of other lengths. `service` is the AWS service that an address
 * belongs to. `security-group` is in the list because it has an answer: it needs the inventory.
 */
export const GROUPINGS = [
  ...(['address', 'cidr24', 'subnet', 'vpc', 'instance', 'interface', 'service'] as const),
  'security-group',
] as const;

/** `cidr16`: IPv4 /16 and IPv6 /64. `cidr16-48`: IPv4 /16 and IPv6 /48. */
export type NetworkGrouping = `cidr${number}` | `cidr${number}-${number}`;
export type Grouping = (typeof GROUPINGS)[number] | NetworkGrouping;
/** What flow logs alone can answer. */
export type KnownGrouping = Exclude<Grouping, 'security-group'>;

/**
 * Addresses outside the own networks: each what the grouping makes of it, or all of them the one node `internet` (grouped
 * by service, those of which no service is known).
 */
export const INTERNETS = ['each', 'one'] as const;
export type Internet = (typeof INTERNETS)[number];

/** What is not the internet unless one says otherwise: RFC 1918 (private), RFC 6598 (shared, carrier-grade NAT), RFC 4193 (unique local). */
export const DEFAULT_OWN_NETWORKS: readonly string[] = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ...['100.64.0.0/10', 'fc00::/7'],
];

/** `conversations` counts a flow once, whoever logged it; `observed` adds what every interface logged. */
export const COUNTINGS = ['conversations', 'observed'] as const;
export type Counting = (typeof COUNTINGS)[number];

/**
 * What a node stands for: the grouping's own kind; `address` where an address could not be placed in a group;
 * `internet` for all addresses outside the own networks; `unknown` for an address that was not logged; `others` for what
 * `--top` folded.
 */
export type NodeKind = KnownGrouping | 'internet' | 'unknown' | 'others';

/** What people call the nodes. Names move on to other things, so that each is asked for at a time. */
export interface Labels {
  /** The label that the node was known by at `minute`, Unix ms; its id where it has no name. */
  labelOf(kind: NodeKind, id: string, minute: number): string;
}

export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: NodeKind;
  /** Whether it lies outside the own networks. Not in the JSON. */
  readonly outside: boolean;
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
