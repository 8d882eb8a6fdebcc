// Turns the options of `graph` (from the command line or a URL) into a question, and its edges into the chosen format.

import type { Condition } from '../../../pipeline/filter/condition.ts';
import { graphSql } from '../../../pipeline/graph/conversations.ts';
import { graphDot } from '../../../pipeline/graph/dot.ts';
import { graphOf } from '../../../pipeline/graph/graph.ts';
import { graphJson } from '../../../pipeline/graph/graph-json.ts';
import { bothFilters, nodeFilter } from '../../../pipeline/graph/node-filter.ts';
import { formatCount } from '../../../pipeline/quantities.ts';
import { headMembers } from '../../../pipeline/window/answer-head.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { GRAPH_TYPES, type GraphFormat } from '../../../schemas/formats.ts';
import type { Counting, Graph, GraphNode, Grouping, Internet, KnownGrouping } from '../../../schemas/graph.ts';
import type { QueryValue, Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import { drawGraph } from '../drawing/draw-graph.ts';
import type { Piece, Question } from './question.ts';

/** More edges than this are an error and not an answer: they would all be in memory. */
export const MAX_EDGES = 200_000;

export interface GraphOptions {
  readonly window: Window;
  readonly lateness: number; // ms
  readonly overlapping?: boolean;
  readonly group: Grouping;
  readonly internet: Internet;
  /** What is not the internet: networks in CIDR notation. */
  readonly ownNetworks: readonly string[];
  readonly top: number | null;
  readonly count: Counting;
  readonly where?: Condition | null;
  /** Where the nodes of an SVG lead; without it, nowhere. */
  readonly linked?: Linked;
}

/** Where the nodes of a drawing lead: to what the filter is appended to, and the filter as it was given. */
export interface Linked {
  readonly to: string;
  readonly filter: string;
}

/** A node leads to the same with its own filter added; nowhere without `linked`. */
export const linkOf =
  ({ ownNetworks, linked }: GraphOptions) =>
  (node: GraphNode): string | null => {
    const filter = linked === undefined ? null : nodeFilter(node, ownNetworks);
    if (linked === undefined || filter === null) return null;
    return `${linked.to}&filter=${encodeURIComponent(bothFilters(linked.filter, filter))}`;
  };

/** Throws VF_BAD_PARAMETER for what cannot be asked, before anything is read. */
export function graphQuestion(options: GraphOptions & { readonly format: GraphFormat }): Question {
  const { window, lateness, overlapping = false, format, group, internet, ownNetworks, top, count, where } = options;
  knownGroup(group);
  return {
    ...{
      window,
      lateness,
      overlapping,
      tables: ['digests'],
      contentType: GRAPH_TYPES[format],
      binary: format === 'png',
    },
    text: JSON.stringify([
      ...['graph', format, group, internet, ownNetworks, top, count],
      ...[where?.sql, where?.parameters.map(String)],
      ...(format === 'svg' ? [options.linked] : []),
    ]),
    answer: (service, source, signal) => graphBody(service, source, options, format, signal),
  };
}

async function* graphBody(
  service: QueryService,
  source: WindowSource,
  options: GraphOptions,
  format: GraphFormat,
  signal: AbortSignal,
): AsyncIterable<Piece> {
  const graph = await readGraph(service, source, options, signal);
  if (format === 'svg' || format === 'png') yield await drawGraph(graph, format, signal, { link: linkOf(options) });
  else yield* format === 'dot' ? graphDot(graph) : graphJson(graph, headMembers(source.window, source.completeness));
}

/** Throws VF_LIMIT past MAX_EDGES. */
export async function readGraph(
  service: QueryService,
  source: WindowSource,
  { group, internet, ownNetworks: own, top, count, where = null }: GraphOptions,
  signal: AbortSignal,
): Promise<Graph> {
  const known = knownGroup(group);
  const { digests } = source.tables;
  const asked = { source: digests, where, group: known, internet, own, top, count, limit: MAX_EDGES + 1 };
  const { logged, edges } = graphSql(asked);
  const result = await service.engine.run(edges, [], signal, logged);
  const rows: (readonly QueryValue[])[] = [];
  for await (const chunk of result.chunks) for (const row of chunk) rows.push(row);
  if (rows.length > MAX_EDGES) {
    throw new VpcflowError('VF_LIMIT', `the graph has more than ${formatCount(MAX_EDGES)} edges`, {
      help: 'ask for a coarser grouping, fewer nodes (--top 200) or a smaller window',
    });
  }
  const { complete, watermark } = source.completeness;
  return graphOf({ ...source.window, complete, watermark, count, group: known }, { internet, own }, rows);
}

/** Throws VF_BAD_PARAMETER for a grouping that flow logs cannot answer. */
export function knownGroup(group: Grouping): KnownGrouping {
  if (group !== 'security-group') return group;
  throw new VpcflowError('VF_BAD_PARAMETER', 'flow logs do not say which security groups an interface has', {
    help: 'group by interface; security groups need an inventory of the interfaces, which this store does not have',
  });
}
