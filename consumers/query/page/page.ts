// Turns a window's graph into the page at `/`: the form, what the answer is worth, the drawings and the tables.
import { countText, windowText } from '../../../pipeline/graph/graph-words.ts';
import type { SmallerGraph } from '../../../pipeline/graph/smaller-graphs.ts';
import { formatBytes, formatCount, formatMany } from '../../../pipeline/quantities.ts';
import { GRAPH_FORMATS, ROW_FORMATS, TEXT_FORMATS } from '../../../schemas/formats.ts';
import type { Graph } from '../../../schemas/graph.ts';
import type { Completeness } from '../../../schemas/query.ts';
import { differenceHtml } from './difference-html.ts';
import { type Html, html } from './html.ts';
import {
  commandLines,
  coverageAddress,
  graphAddress,
  mirroringAddress,
  type PageOptions,
  pageAddress,
  rowsAddress,
  seriesAddress,
  shiftedPage,
  smallerPage,
} from './links.ts';
import { completenessHtml } from './page-completeness.ts';
import type { PageDifference } from './page-difference.ts';
import { formHtml, type PageForm, type PageProblem } from './page-form.ts';
import { mirroringHtml, type PageMirroring } from './page-mirroring.ts';
import { type PageDrawing, pictureHtml } from './page-picture.ts';
import { type PageSeries, seriesHtml } from './page-series.ts';
import type { NotCompared } from './page-source.ts';
import { tablesHtml } from './page-tables.ts';

export interface PageAnswer {
  readonly options: PageOptions;
  readonly completeness: Completeness;
  readonly graph: Graph;
  readonly drawing: PageDrawing;
  readonly series: PageSeries;
  /** Null: nothing is compared. */
  readonly difference: PageDifference | NotCompared | null;
  readonly mirroring: PageMirroring;
  readonly store: string;
}

const PRESETS = [
  ['15 min', 'now-15m'],
  ['1 hour', 'now-1h'],
  ['6 hours', 'now-6h'],
  ['24 hours', 'now-1d'],
] as const;

/** The whole page; a problem where the question could not be answered. */
export const page = (form: PageForm, answer: PageAnswer | PageProblem): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vpcflow${'sentence' in answer ? '' : `: ${windowText(answer.graph)}`}</title>
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/form.css">
<link rel="stylesheet" href="/picture.css">
<link rel="icon" href="data:,">
<script src="/page.js" type="module"></script>
</head>
<body>
<header><h1><a href="/">vpcflow</a></h1><p>who talked to whom</p>
<nav aria-label="Service"><a href="/docs">API</a> <a href="/openapi.json">OpenAPI</a> <a href="/v1/audit?format=table">audit</a> <a href="/metrics">metrics</a></nav></header>
<main>
${formHtml(form, 'sentence' in answer ? answer : null)}
${'sentence' in answer ? null : answerHtml(answer)}
</main>
</body>
</html>
`.text;

function answerHtml({ options, completeness, graph, drawing, series, difference, mirroring, store }: PageAnswer): Html {
  const presets = PRESETS.map(([name, start]) => html`<a href="${pageAddress(options, start, 'now')}">${name}</a> `);
  return html`<section class="summary">
<div class="window"><h2>${windowText(graph)}</h2>
<nav aria-label="Window"><a href="${shiftedPage(options, -1)}">← earlier</a> ${presets}<a href="${shiftedPage(options, 1)}">later →</a></nav></div>
${completenessHtml(completeness)}
${totalsHtml(graph)}
</section>
${difference === null ? null : differenceHtml(options, difference)}
${graph.edges.length === 0 ? emptyHtml(options) : html`${drawingHtml(options, graph, drawing)}${seriesHtml(series, seriesAddress(options, 'csv'))}`}
${mirroringHtml(options, mirroring)}
${graph.edges.length === 0 ? null : tablesHtml(graph)}
${sameHtml(options, store, mirroring.sessions.length > 0)}`;
}

const emptyHtml = (options: PageOptions): Html =>
  html`<p class="notice unknown">${options.filter === '' ? 'No flows were logged in this window.' : 'No flow of this window passes the filter.'} <a href="${rowsAddress(options, 'csv')}">Rows</a> and <a href="${coverageAddress(options, 'csv')}">coverage</a> say what there is; try <a href="${shiftedPage(options, -1)}">the window before</a>.</p>`;

const figure = (name: string, value: string, exact = ''): Html =>
  html`<div><dt>${name}</dt><dd title="${exact}">${value}</dd></div>`;

const totalsHtml = ({ totals }: Graph): Html => html`<dl class="totals">
${figure('bytes', formatBytes(totals.bytes), formatMany(totals.bytes, 'byte'))}
${figure('packets', formatCount(totals.packets))}
${figure('flows', formatCount(totals.flows))}
${figure('nodes', formatCount(totals.nodes))}
${figure('edges', formatCount(totals.edges))}
</dl>`;

const change = (smaller: SmallerGraph): string =>
  Object.entries(smaller.change)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

const notDrawnHtml = (options: PageOptions, problem: string, smaller: readonly SmallerGraph[]): Html =>
  html`<div class="notice open"><p>Not drawn: ${problem}.${smaller.length > 0 ? ' These are drawn:' : ''}</p>${
    smaller.length === 0
      ? null
      : html`<ul>${smaller.map((one) => html`<li><a href="${smallerPage(options, one)}">${change(one)}</a>: ${formatMany(one.nodes, 'node')}, ${formatMany(one.edges, 'edge')}</li>`)}</ul>`
  }</div>`;

function drawingHtml(options: PageOptions, graph: Graph, drawing: PageDrawing): Html {
  const { nodes, bytes } = graph.others;
  const folded = nodes === 0 ? '' : `; ${formatMany(nodes, 'smaller node')} (${formatBytes(bytes)}) drawn as one`;
  if ('problem' in drawing) return notDrawnHtml(options, drawing.problem, drawing.smaller);
  return html`<section class="picture">
<div class="bar"><p>Drawn: ${countText(graph)}${folded}. Choose a node to see only what it had a part in.
<span class="key"><i class="accept"></i>accepted <i class="reject"></i>rejected <i class="inside"></i>own <i class="outside"></i>internet; ↔ requests, then replies</span></p></div>
${pictureHtml(drawing.svg, 'The graph; its edges are in the tables below')}
</section>`;
}

const formatLinks = <F extends string>(formats: readonly F[], link: (format: F) => string): Html[] =>
  formats.map((format) => html`<a href="${link(format)}">${format}</a> `);

const sameHtml = (options: PageOptions, store: string, isMirrored: boolean): Html => html`<section class="same">
<h2>The same, elsewhere</h2>
<dl class="formats">
<div><dt>graph</dt><dd>${formatLinks(GRAPH_FORMATS, (format) => graphAddress(options, format))}</dd></div>
<div><dt>rows</dt><dd>${formatLinks(ROW_FORMATS, (format) => rowsAddress(options, format))}</dd></div>
<div><dt>series</dt><dd>${formatLinks(TEXT_FORMATS, (format) => seriesAddress(options, format))}</dd></div>
<div><dt>coverage</dt><dd>${formatLinks(TEXT_FORMATS, (format) => coverageAddress(options, format))}</dd></div>
${
  isMirrored
    ? html`<div><dt>mirroring</dt><dd>${formatLinks(TEXT_FORMATS, (format) => mirroringAddress(options, format))}</dd></div>
`
    : null
}</dl>
${commandLines(options, store, isMirrored).map(
  (line) => html`<div class="command"><code>${line}</code><button type="button" data-copy hidden>Copy</button></div>\n`,
)}</section>`;
