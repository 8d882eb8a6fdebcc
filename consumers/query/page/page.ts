// Turns a window's graph into the page at `/`: the form, what the answer is worth, the drawing and the largest edges.

import { completenessText, countText, loadText, serviceText, windowText } from '../../../pipeline/graph-words.ts';
import { formatBytes, formatCount, formatMany } from '../../../pipeline/quantities.ts';
import { COUNTINGS, type Counting, GROUPINGS, type Graph, type GraphEdge } from '../../../schemas/graph.ts';
import { Html, html } from './html.ts';
import {
  commandLine,
  coverageAddress,
  graphAddress,
  type PageOptions,
  pageAddress,
  rowsAddress,
  shiftedPage,
} from './links.ts';

/** What the form holds: as it was given, which need not be valid. */
export interface PageForm {
  readonly start: string;
  readonly stop: string;
  readonly group: string;
  readonly filter: string;
  readonly top: string;
  readonly count: string;
}

export interface PageAnswer {
  readonly options: PageOptions;
  readonly graph: Graph;
  /** The drawing, or why there is none. */
  readonly drawing: { readonly svg: string } | { readonly problem: string };
  readonly store: string;
}

/** How many edges a table shows. */
const TABLE_EDGES = 30;

const PRESETS = [
  ['15 min', 'now-15m'],
  ['1 hour', 'now-1h'],
  ['6 hours', 'now-6h'],
  ['24 hours', 'now-1d'],
] as const;

const COUNT_NAMES: Readonly<Record<Counting, string>> = {
  conversations: 'each conversation once',
  observed: 'as each interface saw it',
};

/** The whole page; `answer` is a sentence where the question could not be answered. */
export const page = (form: PageForm, answer: PageAnswer | string): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vpcflow${typeof answer === 'string' ? '' : `: ${windowText(answer.graph)}`}</title>
<link rel="stylesheet" href="/page.css">
<link rel="icon" href="data:,">
<script src="/page.js" type="module"></script>
</head>
<body>
<header><h1><a href="/">vpcflow</a></h1><p>who talked to whom</p>
<nav><a href="/v1/audit?format=table">audit</a> <a href="/openapi.json">API</a> <a href="/metrics">metrics</a></nav></header>
<main>
${formHtml(form)}
${typeof answer === 'string' ? html`<p class="notice bad" role="alert">${answer}</p>` : answerHtml(answer)}
</main>
</body>
</html>
`.text;

const option = (value: string, text: string, chosen: string): Html =>
  html`<option value="${value}"${value === chosen ? new Html(' selected') : null}>${text}</option>`;

function formHtml({ start, stop, group, filter, top, count }: PageForm): Html {
  const groups = GROUPINGS.filter((one) => one !== 'security-group').map((one) => option(one, one, group));
  const counts = COUNTINGS.map((one) => option(one, COUNT_NAMES[one], count));
  return html`<form method="get" action="/">
<label class="time">From<input name="start" value="${start}" required spellcheck="false" autocomplete="off"></label>
<label class="time">To<input name="stop" value="${stop}" required spellcheck="false" autocomplete="off"></label>
<label>Group by<select name="group">${groups}</select></label>
<label class="top">Top<input name="top" type="number" min="1" max="500" value="${top}"></label>
<label>Count<select name="count">${counts}</select></label>
<label class="filter">Filter<input name="filter" value="${filter}" placeholder="addr in 10.0.0.0/8 and port = 443 and not action = REJECT" spellcheck="false" autocomplete="off"></label>
<button>Show</button>
<p class="hint">Times: <code>2026-11-20T14:05:00Z</code>, <code>now-15m</code>, <code>now-1d</code>; in whole minutes, UTC.</p>
</form>`;
}

function answerHtml({ options, graph, drawing, store }: PageAnswer): Html {
  const presets = PRESETS.map(([name, start]) => html`<a href="${pageAddress(options, start, 'now')}">${name}</a>`);
  return html`<section class="summary">
<div class="window"><h2>${windowText(graph)}</h2>
<nav aria-label="Window"><a href="${shiftedPage(options, -1)}">← earlier</a> ${presets} <a href="${shiftedPage(options, 1)}">later →</a></nav></div>
<p class="notice ${graph.complete === true ? 'good' : graph.complete === false ? 'open' : 'unknown'}">${completenessText(graph)}</p>
${totalsHtml(graph)}
</section>
${graph.edges.length === 0 ? emptyHtml(options) : html`${drawingHtml(graph, drawing)}${tablesHtml(graph)}`}
${sameHtml(options, store)}`;
}

const emptyHtml = (options: PageOptions): Html =>
  html`<p class="notice unknown">${options.filter === '' ? 'No flows were logged in this window.' : 'No flow of this window passes the filter.'} <a href="${rowsAddress(options)}">Rows</a> and <a href="${coverageAddress(options)}">coverage</a> say what there is; try <a href="${shiftedPage(options, -1)}">the window before</a>.</p>`;

const figure = (name: string, value: string): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

const totalsHtml = (graph: Graph): Html => html`<dl class="totals">
${figure('bytes', formatBytes(graph.totals.bytes))}
${figure('packets', formatCount(graph.totals.packets))}
${figure('flows', formatCount(graph.totals.flows))}
${figure('nodes', formatCount(graph.totals.nodes))}
${figure('edges', formatCount(graph.totals.edges))}
</dl>`;

function drawingHtml(graph: Graph, drawing: PageAnswer['drawing']): Html {
  const { nodes, bytes } = graph.others;
  const folded = nodes === 0 ? '' : `; ${formatMany(nodes, 'smaller node')} (${formatBytes(bytes)}) drawn as one`;
  if ('problem' in drawing) return html`<p class="notice bad">${drawing.problem}</p>`;
  return html`<section>
<div class="bar"><p>Drawn: ${countText(graph)}${folded}.
<span class="key"><i class="accept"></i>accepted <i class="reject"></i>rejected <i class="inside"></i>private <i class="outside"></i>internet</span></p>
<div class="zoom" hidden><button type="button" data-zoom="out" aria-label="Smaller">−</button><button type="button" data-zoom="fit">Fit</button><button type="button" data-zoom="in" aria-label="Larger">+</button></div></div>
<div class="drawing" tabindex="0" role="img" aria-label="The graph; its edges are in the table below">${new Html(drawing.svg)}</div>
</section>`;
}

const clock = (seconds: number | null): string =>
  seconds === null ? '–' : new Date(seconds * 1000).toISOString().slice(11, 19);

const edgeRow = (edge: GraphEdge, most: bigint): Html => {
  const share = most === 0n ? 0 : Number((edge.bytes * 100n) / most);
  return html`<tr class="${edge.action === 'REJECT' ? 'reject' : ''}">
<td class="name">${edge.source}</td><td class="name">${edge.target}</td>
<td class="wide"><span class="action">${edge.action ?? '–'}</span></td><td>${serviceText(edge, 4)}</td>
<td class="number" title="${formatCount(edge.bytes)} bytes; ${formatCount(edge.bytes_observed)} as each interface logged it"><meter min="0" max="100" value="${share}"></meter>${loadText(edge)}</td>
<td class="number wide">${formatCount(edge.packets)}</td><td class="number">${formatCount(edge.flows)}</td>
<td class="number wide">${edge.witnesses}</td><td class="wide">${clock(edge.start)} to ${clock(edge.stop)}</td></tr>
`;
};

const descending = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1);

/** Rejected traffic has hardly any bytes and would never be among the largest, so it has a table of its own. */
function tablesHtml({ edges }: Graph): Html {
  const accepted = edges.filter((edge) => edge.action !== 'REJECT').sort((a, b) => descending(a.bytes, b.bytes));
  const rejected = edges.filter((edge) => edge.action === 'REJECT').sort((a, b) => descending(a.flows, b.flows));
  return html`${tableHtml('Largest edges', accepted)}${tableHtml('Rejected, most flows first', rejected)}`;
}

function tableHtml(title: string, edges: readonly GraphEdge[]): Html | null {
  if (edges.length === 0) return null;
  const shown = edges.slice(0, TABLE_EDGES);
  const most = [...shown].sort((a, b) => descending(a.bytes, b.bytes))[0].bytes;
  const rest = edges.length - shown.length;
  return html`<section>
<h2>${title}</h2>
<div class="table"><table>
<thead><tr><th>Source</th><th>Target</th><th class="wide">Action</th><th>Service</th><th class="number">Bytes</th><th class="number wide">Packets</th><th class="number">Flows</th><th class="number wide">Seen by</th><th class="wide">First to last (UTC)</th></tr></thead>
<tbody>
${shown.map((edge) => edgeRow(edge, most))}</tbody>
</table></div>
${rest > 0 ? html`<p class="hint">${formatMany(rest, 'smaller edge')} not in the table.</p>` : null}
</section>`;
}

const sameHtml = (options: PageOptions, store: string): Html => html`<section class="same">
<h2>The same, elsewhere</h2>
<p><a href="${graphAddress(options, 'svg')}">SVG</a> <a href="${graphAddress(options, 'dot')}">DOT</a> <a href="${graphAddress(options, 'json')}">JSON</a> <a href="${rowsAddress(options)}">rows (CSV)</a> <a href="${coverageAddress(options)}">coverage (CSV)</a></p>
<div class="command"><code>${commandLine(options, store)}</code><button type="button" data-copy hidden>Copy</button></div>
</section>`;
