// Turns the OpenAPI document into a page for people: each question with its parameters, formats, errors and a command
// to try; the filter language; the error catalogue.
import { FILTER_COLUMNS, type FilterColumn, OPERATORS } from '../../../pipeline/filter/columns.ts';
import { ERRORS } from '../../../schemas/errors.ts';
import { type Html, html } from '../page/html.ts';
import type { ApiDocument, ApiOperation, ApiParameter } from './api-document.ts';
import { aboutText, exampleAddress, schemaText } from './api-document.ts';

/** The whole page; `server` is the address that commands on it ask. */
export const docsPage = (document: ApiDocument, server: string): string => {
  const groups = (document.tags ?? []).map((tag) => ({ tag, operations: operationsOf(document, tag.name) }));
  const shown = groups.filter(({ operations }) => operations.length > 0);
  // Twice, of which one is shown: beside the blocks, or folded above them where the screen is narrow.
  const contents = contentsHtml(shown);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vpcflow: the API</title>
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/docs.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><h1><a href="/">vpcflow</a></h1><p>the API, version ${document.info.version}</p>
<nav><a href="/openapi.json">openapi.json</a> <a href="/v1/audit?format=table">audit</a> <a href="/metrics">metrics</a></nav></header>
<main class="docs">
<nav class="contents beside" aria-label="Contents">${contents}</nav>
<details class="contents above"><summary>Contents</summary>${contents}</details>
<div class="blocks">
<section><h2>${document.info.title}</h2>${paragraphs(document.info.description)}</section>
${shown.flatMap(({ operations }) => operations.map((one) => operationHtml(one, server)))}
${filtersHtml()}
${errorsHtml()}
</div>
</main>
</body>
</html>
`.text;
};

interface Listed {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}

const operationsOf = ({ paths }: ApiDocument, tag: string): readonly Listed[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => operation.tags?.includes(tag))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

const anchor = ({ operation }: Listed): string => operation.operationId ?? '';

interface Group {
  readonly tag: { readonly description: string };
  readonly operations: readonly Listed[];
}

const contentsHtml = (groups: readonly Group[]): Html => html`
${groups.map(({ tag, operations }) => html`<p class="group">${tag.description}</p><ul>${operations.map(contentHtml)}</ul>`)}
<p class="group">More</p><ul><li><a href="#filters">The language of filters</a></li><li><a href="#errors">Errors</a></li></ul>
`;

const contentHtml = (listed: Listed): Html =>
  html`<li><a href="#${anchor(listed)}"><span class="method">${listed.method}</span> ${listed.path}</a></li>`;

const paragraphs = (text: string): readonly Html[] => text.split(/\n\n+/).map((one) => html`<p>${withCode(one)}</p>`);

/** What stands between backticks is code. */
const withCode = (text: string): readonly Html[] =>
  text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

function operationHtml(listed: Listed, server: string): Html {
  const { method, path, operation } = listed;
  const address = exampleAddress(path, operation.parameters ?? []);
  const curl = `curl ${method === 'GET' ? '' : `-X ${method} `}'${server}${address}'`;
  return html`<section id="${anchor(listed)}">
<h2 class="path"><span class="method">${method}</span> ${path}</h2>
<p>${operation.summary ?? ''}</p>
${(operation.parameters ?? []).length === 0 ? null : parametersHtml(operation.parameters ?? [])}
${responsesHtml(operation)}
<p class="command"><code>${curl}</code>${method === 'GET' ? html` <a href="${address}">try</a>` : null}</p>
</section>`;
}

const parametersHtml = (parameters: readonly ApiParameter[]): Html => html`<div class="table"><table>
<thead><tr><th>parameter</th><th>what</th><th>values</th><th>example</th></tr></thead>
<tbody>${parameters.map(
  ({ name, required, description, schema, example }) => html`<tr>
<td class="exact"><code>${name}</code>${required === true ? html` <span class="required">required</span>` : null}</td>
<td>${withCode(aboutText(description ?? '', schema ?? {}))}</td><td>${schemaText(schema ?? {})}</td>
<td class="exact">${example === undefined ? null : html`<code>${String(example)}</code>`}</td></tr>`,
)}</tbody></table></div>`;

const responsesHtml = ({
  responses,
}: ApiOperation): Html => html`<details><summary>Answers: ${Object.keys(responses).join(', ')}</summary>
<div class="table"><table><thead><tr><th>status</th><th>what</th><th>type</th></tr></thead>
<tbody>${Object.entries(responses).map(
  ([status, { description, content = {} }]) => html`<tr><td class="status">${status}</td>
<td>${paragraphs(description)}</td><td>${Object.keys(content).map((type) => html`<code>${type}</code><br>`)}</td></tr>`,
)}</tbody></table></div></details>`;

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['srcaddr in 10.0.0.0/8 and dstport = https', 'from a private network to port 443'],
  ['addr in (10.0.0.0/16, fd00::/8) and not action = REJECT', 'either side in one of the networks, let through'],
  ['port in (ssh, rdp) and protocol = tcp', 'a service on either side'],
  ['bytes > 1.5MB or packets >= 10000', 'sizes: KB is 1000, KiB 1024'],
  ['interface_id ~ "eni-0a"', 'contains the text'],
  ['instance_id != null', 'has a value; a comparison with NULL is false'],
  ['minute >= now-15m and (dstport = 53 or srcport = 53)', 'times, and, or, not, parentheses'],
];

const filtersHtml = (): Html => html`<section id="filters"><h2>The language of filters</h2>
<p>Comparisons joined by <code>and</code>, <code>or</code>, <code>not</code> and parentheses. Values are bare words, or texts in single or double quotes.</p>
<div class="table"><table><thead><tr><th>filter</th><th>keeps</th></tr></thead>
<tbody>${EXAMPLES.map(([text, about]) => html`<tr><td class="exact"><code>${text}</code></td><td>${about}</td></tr>`)}</tbody></table></div>
<details><summary>Columns: ${FILTER_COLUMNS.size}</summary><div class="table"><table>
<thead><tr><th>column</th><th>holds</th><th>operators</th><th>known values</th></tr></thead>
<tbody>${[...FILTER_COLUMNS.values()].map(columnHtml)}</tbody></table></div></details>
</section>`;

const columnHtml = ({ name, kind, about, values }: FilterColumn): Html =>
  html`<tr><td class="exact"><code>${name}</code></td><td>${about}</td><td class="exact"><code>${OPERATORS[kind].join(' ')}</code></td><td>${values.map(([value]) => value).join(', ')}</td></tr>`;

const errorsHtml = (): Html => html`<section id="errors"><h2>Errors</h2>
<p>An error is <code>application/problem+json</code>: <code>code</code> and <code>status</code> are these, <code>detail</code> says what was given, <code>help</code> what to do, <code>retry</code> whether the same request can succeed later.</p>
<div class="table"><table><thead><tr><th>code</th><th>status</th><th>retry</th><th>what to do</th></tr></thead>
<tbody>${Object.entries(ERRORS).map(
  ([code, { status, retry, help }]) =>
    html`<tr><td class="exact"><code>${code}</code></td><td class="status">${status}</td><td>${retry ? 'yes' : ''}</td><td>${withCode(help)}</td></tr>`,
)}</tbody></table></div></section>`;
