// Turns the differences that are to be drawn into the nodes between which they lie.
import type { GraphNode, NodeKind } from '../../schemas/graph.ts';
import { compareText, isOutside, nodeKinds } from '../graph/graph.ts';
import type { Grouped } from '../graph/graph-groups.ts';
import type { ReadDifference } from './read-diff.ts';

/** Sorted by id. Their bytes are those of the window's edges that are drawn. */
export function diffNodes(differences: readonly ReadDifference[], grouped: Grouped): GraphNode[] {
  const kindOf = nodeKinds(grouped);
  const kinds = new Map<string, NodeKind>();
  const incoming = new Map<string, bigint>();
  const outgoing = new Map<string, bigint>();
  for (const { source, target, sourceGrouped, targetGrouped, after } of differences) {
    kinds.set(source, sourceGrouped === null ? 'others' : kindOf(source, sourceGrouped));
    kinds.set(target, targetGrouped === null ? 'others' : kindOf(target, targetGrouped));
    const bytes = after?.bytes ?? 0n;
    outgoing.set(source, (outgoing.get(source) ?? 0n) + bytes);
    incoming.set(target, (incoming.get(target) ?? 0n) + bytes);
  }
  const outside = isOutside(grouped.own);
  return [...kinds]
    .map(([id, kind]) => ({
      ...{ id, label: id, kind, outside: outside(id, kind) },
      ...{ bytes_in: incoming.get(id) ?? 0n, bytes_out: outgoing.get(id) ?? 0n },
    }))
    .sort((a, b) => compareText(a.id, b.id));
}
