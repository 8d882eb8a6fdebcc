// Says in words what differs: on a line of a drawing, in its tooltip, and in the heading with the legend.
import type { ClassTotals, Diff, Difference, DiffTotals, SideEdge } from '../../schemas/diff.ts';
import { completenessText, edgeText, loadText, serviceText, windowText } from '../graph/graph-words.ts';
import { formatBytes, formatMany } from '../quantities.ts';
import { bothComplete } from './both-complete.ts';
import { minutesOf } from './diff-windows.ts';

/** ×3.2, ×0.45, ×1,200: two digits that say something. */
export function ratioText(ratio: number): string {
  if (ratio >= 10) return `×${Math.round(ratio).toLocaleString('en-US')}`;
  return `×${Number(ratio.toPrecision(2))}`;
}

const named = (source: string, target: string, edge: SideEdge) => ({ source, target, ...edge });

/** What stands on a line: `new  1.20 MB  https`, `×3.2  1.00 MB → 3.20 MB  https`, `ACCEPT → REJECT  44 B`. */
export function differenceLabel({ change, source, target, before, after, ratio }: Difference): string {
  const edge = after ?? before;
  if (edge === null) return '';
  const load = (side: SideEdge | null) => (side === null ? '' : loadText(named(source, target, side)));
  const service = serviceText(named(source, target, edge), 3);
  const rejected = edge.action === 'REJECT' ? ' REJECT' : '';
  const words = {
    added: [`new${rejected}`, load(after)],
    removed: [`gone${rejected}`, load(before)],
    changed: [`${ratio === null ? 'changed' : ratioText(ratio)}${rejected}`, `${load(before)} → ${load(after)}`],
    flipped: [`${before?.action} → ${after?.action}`, load(after)],
  }[change];
  return [...words, service].filter((word) => word !== '').join('  ');
}

/** Everything about a difference, several lines. */
export function differenceText({ source, target, before, after }: Difference): string {
  const side = (word: string, edge: SideEdge | null) =>
    edge === null ? [] : [`${word}: ${edgeText(named(source, target, edge))}`];
  return [...side('before', before), ...side('after', after)].join('\n\n');
}

const LEGEND = [
  'Blue, solid: new. Grey, dashed: gone. Orange, dotted: changed; × is bytes a minute, after over before.',
  'Violet, double, diamond at its start: ACCEPT and REJECT changed places. A bar as head: REJECT.',
];

const classText = (word: string, { edges, before, after }: ClassTotals): string => {
  const loads = [before.bytes, after.bytes].map(formatBytes);
  const load = { new: loads[1], gone: loads[0] }[word] ?? loads.join(' → ');
  return edges === 0 ? `0 ${word}` : `${edges.toLocaleString('en-US')} ${word} (${load})`;
};

/** `2 new (1.20 MB), 0 gone, 3 changed (1.00 MB → 3.20 MB), 0 flipped, 12 unchanged edges not drawn; 40 nodes folded`. */
export function diffCounts({ classes, others }: DiffTotals): string {
  const { added, removed, changed, flipped, unchanged } = classes;
  const folded = others === 0 ? '' : `; ${formatMany(others, 'node')} folded`;
  return [
    classText('new', added),
    classText('gone', removed),
    classText('changed', changed),
    classText('flipped', flipped),
    `${formatMany(unchanged.edges, 'unchanged edge')} not drawn${folded}`,
  ].join(', ');
}

/** The lines above a drawing. */
export function diffTitle({ window, against, totals, differences }: Diff): string[] {
  const leftOut = minutesOf(window.asked) - minutesOf(window.compared);
  return [
    `What changed, ${windowText(window.compared)} against ${windowText(against.compared)}`,
    diffCounts(totals),
    completenessText(bothComplete(window.completeness, against.completeness)),
    ...(leftOut > 0 ? [`${formatMany(leftOut, 'minute')} of the window left out: not complete yet.`] : []),
    ...(differences.length > 0 ? LEGEND : []),
  ];
}
