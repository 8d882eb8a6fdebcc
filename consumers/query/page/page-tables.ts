// Turns edges, and what differs between two windows, into tables.
import { loadText, serviceText } from '../../../pipeline/graph-words.ts';
import { formatBytes, formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { Graph, GraphEdge } from '../../../schemas/graph.ts';
import { type Html, html } from './html.ts';

/** How many rows a table shows. */
const ROWS = 30;

const clock = (seconds: number | null): string =>
  seconds === null ? '–' : new Date(seconds * 1000).toISOString().slice(11, 19);

const edgeRow = (edge: GraphEdge, most: bigint): Html => {
  const share = most === 0n ? 0 : Number((edge.bytes * 100n) / most);
  return html`<tr class="${edge.action === 'REJECT' ? 'reject' : ''}">
<td class="name">${edge.source}</td><td class="name">${edge.target}</td>
<td class="wide"><span class="action">${edge.action ?? '–'}</span></td><td>${serviceText(edge, 4)}</td>
<td class="number" title="${formatCount(edge.bytes)} bytes; ${formatCount(edge.bytes_observed)} as each interface logged it"><meter min="0" max="100" value="${share}" aria-hidden="true"></meter>${loadText(edge)}</td>
<td class="number wide">${formatCount(edge.packets)}</td><td class="number">${formatCount(edge.flows)}</td>
<td class="number wide">${edge.witnesses}</td><td class="wide">${clock(edge.start)} to ${clock(edge.stop)}</td></tr>
`;
};

const descending = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1);

/** Rejected traffic has hardly any bytes and would never be among the largest, so it has a table of its own. */
export function tablesHtml({ edges }: Graph): Html {
  const accepted = edges.filter((edge) => edge.action !== 'REJECT').sort((a, b) => descending(a.bytes, b.bytes));
  const rejected = edges.filter((edge) => edge.action === 'REJECT').sort((a, b) => descending(a.flows, b.flows));
  return html`${tableHtml('Largest edges', accepted)}${tableHtml('Rejected, most flows first', rejected)}`;
}

function tableHtml(title: string, edges: readonly GraphEdge[]): Html | null {
  if (edges.length === 0) return null;
  const shown = edges.slice(0, ROWS);
  const most = shown.map(({ bytes }) => bytes).sort(descending)[0];
  const rest = edges.length - shown.length;
  return html`<section>
<h2>${title}</h2>
<div class="table" tabindex="0" role="region" aria-label="${title}"><table>
<thead><tr><th scope="col">Source</th><th scope="col">Target</th><th scope="col" class="wide">Action</th><th scope="col">Service</th><th scope="col" class="number">Bytes</th><th scope="col" class="number wide">Packets</th><th scope="col" class="number">Flows</th><th scope="col" class="number wide">Seen by</th><th scope="col" class="wide">First to last (UTC)</th></tr></thead>
<tbody>
${shown.map((edge) => edgeRow(edge, most))}</tbody>
</table></div>
${rest > 0 ? html`<p class="hint">${formatMany(rest, 'smaller edge')} not in the table.</p>` : null}
</section>`;
}

/** One edge of `diff --format json`, as far as the table shows it. */
export interface DifferenceRow {
  readonly change: 'new' | 'gone' | 'changed' | 'flipped';
  readonly source: string;
  readonly target: string;
  readonly action: string;
  readonly before: bigint; // bytes
  readonly after: bigint; // bytes
}

export function differenceTable(rows: readonly DifferenceRow[]): Html {
  if (rows.length === 0) return html`<p class="hint">Nothing differs.</p>`;
  const shown = rows.slice(0, 2 * ROWS);
  const rest = rows.length - shown.length;
  return html`<div class="table" tabindex="0" role="region" aria-label="What differs"><table>
<thead><tr><th scope="col">Change</th><th scope="col">Source</th><th scope="col">Target</th><th scope="col">Action</th><th scope="col" class="number">Bytes before</th><th scope="col" class="number">Bytes after</th></tr></thead>
<tbody>
${shown.map((row) => html`<tr class="${row.change}"><td><span class="change">${row.change}</span></td><td class="name">${row.source}</td><td class="name">${row.target}</td><td>${row.action}</td><td class="number">${row.change === 'new' ? '–' : formatBytes(row.before)}</td><td class="number">${row.change === 'gone' ? '–' : formatBytes(row.after)}</td></tr>\n`)}</tbody>
</table></div>
${rest > 0 ? html`<p class="hint">${formatMany(rest, 'more difference')} in the CSV.</p>` : null}`;
}
