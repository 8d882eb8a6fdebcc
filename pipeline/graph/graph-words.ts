// Says in words what a graph is about: its window, how complete it is, how it counts, and what an edge carries.
import type { Graph, GraphEdge } from '../../schemas/graph.ts';
import type { Completeness } from '../../schemas/query.ts';
import { formatBytes, formatMany, portList, protocolName } from '../quantities.ts';

/** `2026-11-20 14:05` of Unix ms, UTC. */
const minuteText = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** `2026-11-20 14:05 to 14:20 UTC`; the date twice where it differs. */
export function windowText({ start, stop }: { readonly start: number; readonly stop: number }): string {
  const [from, to] = [minuteText(start), minuteText(stop)];
  return `${from} to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to} UTC`;
}

/** How far an answer can be trusted, as one sentence. */
export function completenessText({ complete, watermark }: Pick<Completeness, 'complete' | 'watermark'>): string {
  if (complete === true) return 'Complete: everything that belongs to this window has arrived.';
  if (complete === null) return 'Completeness unknown: no stream feeds this store, so nobody can say what is missing.';
  const upTo = watermark === null ? 'nothing has been read yet' : `read up to ${minuteText(watermark)} UTC`;
  return `Not complete yet: ${upTo}, and late lines can still come.`;
}

/** What the whole window holds: `12 nodes, 30 edges, 1,204 flows, 1.40 GB`. */
export const totalsText = ({ totals }: Graph): string =>
  [
    formatMany(totals.nodes, 'node'),
    formatMany(totals.edges, 'edge'),
    formatMany(totals.flows, 'flow'),
    formatBytes(totals.bytes),
  ].join(', ');

/** How the numbers are counted. */
export const countText = ({ count }: Graph): string =>
  count === 'observed' ? 'as each interface logged it' : 'each conversation counted once';

/** An edge's load on one line: bytes, or flows where the log format has no bytes. */
export const loadText = ({ bytes, flows }: GraphEdge): string =>
  bytes > 0n ? formatBytes(bytes) : formatMany(flows, 'flow');

/** Ports by name, or protocols where there are none: `https, ssh +3`, `icmp`. */
export const serviceText = ({ ports, protocols }: GraphEdge, most: number): string =>
  ports.length > 0 ? portList(ports, most) : protocols.map(protocolName).join(', ');

const secondText = (seconds: number | null): string =>
  seconds === null ? '?' : new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');

/** Longer names would push everything else apart. */
const MAX_LABEL = 48;

/** A name as a drawing shows it: a long one without its middle, for its ends tell it from others. */
export function shortLabel(name: string): string {
  const letters = [...name];
  if (letters.length <= MAX_LABEL) return name;
  return `${letters.slice(0, MAX_LABEL / 2).join('')}…${letters.slice(1 - MAX_LABEL / 2).join('')}`;
}

/** Everything that an edge says, several lines; numbers as they are, and exact. */
export const edgeText = (edge: GraphEdge): string =>
  [
    `${edge.source} to ${edge.target}${edge.action === null ? '' : `: ${edge.action}`}`,
    `${formatBytes(edge.bytes)} (${formatMany(edge.bytes, 'byte')}), ${formatMany(edge.packets, 'packet')}, ${formatMany(edge.flows, 'flow')}`,
    [...edge.protocols.map(protocolName), serviceText({ ...edge, protocols: [] }, 20)].filter(Boolean).join(' '),
    `seen by ${formatMany(edge.witnesses, 'interface')}, ${secondText(edge.start)} to ${secondText(edge.stop)} UTC`,
  ]
    .filter((line) => line !== '')
    .join('\n');
