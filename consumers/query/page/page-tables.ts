// Turns the edges of a graph into tables.
import { loadText, serviceText } from '../../../pipeline/graph/graph-words.ts';
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
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
<td class="wide"><span class="action">${edge.action ?? '–'}</span></td><td class="wide">${serviceText(edge, 4)}</td>
<td class="number" title="${formatCount(edge.bytes)} bytes; ${formatCount(edge.bytes_observed)} as each interface logged it"><meter min="0" max="100" value="${share}" aria-hidden="true"></meter>${loadText(edge)}</td>
<td class="number wide">${formatCount(edge.packets)}</td><td class="number wide">${formatCount(edge.flows)}</td>
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
<thead><tr><th scope="col">Source</th><th scope="col">Target</th><th scope="col" class="wide">Action</th><th scope="col" class="wide">Service</th><th scope="col" class="number">Bytes</th><th scope="col" class="number wide">Packets</th><th scope="col" class="number wide">Flows</th><th scope="col" class="number wide">Seen by</th><th scope="col" class="wide">First to last (UTC)</th></tr></thead>
<tbody>
${shown.map((edge) => edgeRow(edge, most))}</tbody>
</table></div>
${rest > 0 ? html`<p class="hint">${formatMany(rest, 'smaller edge')} not in the table.</p>` : null}
</section>`;
}
