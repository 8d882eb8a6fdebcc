// Turns what differs between two windows into a part of the page: what was compared, the picture and the table.

import { minutesOf } from '../../../pipeline/diff/diff-windows.ts';
import { diffCounts, ratioText } from '../../../pipeline/diff/diff-words.ts';
import { serviceText, windowText } from '../../../pipeline/graph/graph-words.ts';
import { formatBytes, formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { Diff, DiffClass, Difference, SideEdge } from '../../../schemas/diff.ts';
import { DIFF_FORMATS } from '../../../schemas/formats.ts';
import { type Html, html } from './html.ts';
import { comparingPage, diffAddress, type PageOptions } from './links.ts';
import { completenessHtml } from './page-completeness.ts';
import { hasNothingBefore, type PageDifference } from './page-difference.ts';
import { pictureHtml } from './page-picture.ts';
import type { NotCompared } from './page-source.ts';

/** The section of a comparison, or of why there is none. */
export function differenceHtml(options: PageOptions, difference: PageDifference | NotCompared): Html {
  const body = 'sentence' in difference ? notComparedHtml(options, difference) : comparedHtml(options, difference);
  return html`<section class="picture difference">
${body}
</section>`;
}

const notComparedHtml = (options: PageOptions, { sentence, isIncomplete }: NotCompared): Html =>
  html`<div class="bar"><h2>What differs</h2></div>
<p class="notice open">Not compared: ${sentence}.${isIncomplete ? html` <a href="${comparingPage(options, true)}">Compare all minutes</a>, complete or not.` : null}</p>`;

function comparedHtml(options: PageOptions, { diff, drawing }: PageDifference): Html {
  const links = DIFF_FORMATS.map(
    (format) => html`<a href="${diffAddress(options, format)}">${format.toUpperCase()}</a> `,
  );
  return html`<div class="bar"><h2>What differs from ${windowText(diff.against.compared)}</h2><p>${links}</p></div>
${partHtml(options, diff)}
${otherHtml(diff)}
${bodyHtml(options, { diff, drawing })}`;
}

/** Which minutes were compared, where that is not plainly all of the window. */
function partHtml(options: PageOptions, { window }: Diff): Html | null {
  const left = minutesOf(window.asked) - minutesOf(window.compared);
  if (left > 0) {
    return html`<p class="hint">Compared: ${windowText(window.compared)}; ${formatMany(left, 'minute')} of the window left out, because not complete yet. <a href="${comparingPage(options, true)}">Compare all minutes</a>.</p>`;
  }
  if (!options.incomplete || window.completeness.complete !== false) return null;
  return html`<p class="hint">All minutes are compared, complete or not. <a href="${comparingPage(options, false)}">Compare only complete minutes</a>.</p>`;
}

/** What is missing in the other window, where that is more than what the notice of the page's window says already. */
function otherHtml({ window, against }: Diff): Html | null {
  const { complete, warnings, skipdata } = against.completeness;
  const isBehind = complete === false && window.completeness.complete !== false;
  if (!isBehind && warnings.length === 0 && skipdata.minutes === 0) return null;
  return html`<p class="hint">Of ${windowText(against.asked)}, which is compared with:</p>${completenessHtml(against.completeness)}`;
}

function bodyHtml(options: PageOptions, { diff, drawing }: PageDifference): Html {
  if (diff.differences.length === 0) return html`<p class="notice good">Nothing differs.</p>`;
  if (hasNothingBefore(diff)) {
    const nothing =
      options.filter === '' ? 'Nothing was logged from' : 'Nothing that passes the filter was logged from';
    return html`<p class="notice unknown">${nothing} ${windowText(diff.against.compared)}: all that is above is new.</p>`;
  }
  return html`<div class="bar"><p>${diffCounts(diff.totals)}. Choose a node to see only what it had a part in.
<span class="key"><i class="new"></i>new <i class="gone"></i>gone <i class="changed"></i>changed <i class="flipped"></i>ACCEPT and REJECT changed places; a bar as head: REJECT</span></p></div>
${drawing === null ? null : 'svg' in drawing ? pictureHtml(drawing.svg, 'What differs; also in the table below') : html`<p class="notice open">Not drawn: ${drawing.problem}.</p>`}
${differenceTable(diff.differences)}`;
}

/** How many rows the table shows. */
const ROWS = 60;

const WORDS: Readonly<Record<DiffClass, string>> = {
  ...{ flipped: 'flipped', added: 'new', removed: 'gone', changed: 'changed' },
};
const ORDER: readonly DiffClass[] = ['flipped', 'added', 'removed', 'changed'];

const isReject = ({ before, after }: Difference): boolean => (after ?? before)?.action === 'REJECT';

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
const bytesApart = ({ before, after }: Difference): bigint => absolute((after?.bytes ?? 0n) - (before?.bytes ?? 0n));
const flowsApart = ({ before, after }: Difference): bigint => absolute((after?.flows ?? 0n) - (before?.flows ?? 0n));

const descending = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1);
const byWeight = (a: Difference, b: Difference): number =>
  descending(bytesApart(a), bytesApart(b)) || descending(flowsApart(a), flowsApart(b));

/**
 * The rows of the table: flipped, new, gone and changed, in each of them what differs most first. Where they are more
 * than the table has, each class, and in it rejected traffic, which has hardly any bytes, has its share of the rows.
 */
function shownRows(differences: readonly Difference[], most: number): Difference[] {
  const groups = ORDER.flatMap((change) =>
    [false, true].map((reject) =>
      differences.filter((one) => one.change === change && isReject(one) === reject).sort(byWeight),
    ),
  );
  const shown: Difference[] = [];
  for (let row = 0; shown.length < most && groups.some((group) => row < group.length); row++) {
    for (const group of groups) if (row < group.length && shown.length < most) shown.push(group[row]);
  }
  return shown.sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change) || byWeight(a, b));
}

/** The differences that weigh most, one a row; how many are left out stands below. */
export function differenceTable(differences: readonly Difference[]): Html {
  const shown = shownRows(differences, ROWS);
  const rest = differences.length - shown.length;
  return html`<div class="table" tabindex="0" role="region" aria-label="What differs"><table>
<thead><tr><th scope="col">Change</th><th scope="col">Source</th><th scope="col">Target</th><th scope="col" class="wide">Action</th><th scope="col" class="wide">Service</th><th scope="col" class="number">Bytes before → after</th><th scope="col" class="number wide" title="Bytes a minute, after over before">Ratio</th><th scope="col" class="number wide">Flows before → after</th></tr></thead>
<tbody>
${shown.map(differenceRow)}</tbody>
</table></div>
${rest > 0 ? html`<p class="hint">${formatMany(rest, 'more difference')} in the CSV.</p>` : null}`;
}

function differenceRow(difference: Difference): Html {
  const { change, source, target, before, after, ratio } = difference;
  const edge = after ?? before;
  const action = change === 'flipped' ? `${before?.action} → ${after?.action}` : (edge?.action ?? '–');
  const service = edge === null ? '' : serviceText({ source, target, ...edge }, 4);
  const both = (text: (side: SideEdge) => string): string =>
    [before, after].map((side) => (side === null ? '–' : text(side))).join(' → ');
  const exact = both(({ bytes }) => formatCount(bytes));
  return html`<tr class="${WORDS[change]}${isReject(difference) ? ' reject' : ''}">
<td><span class="change">${WORDS[change]}</span></td><td class="name">${source}</td><td class="name">${target}</td>
<td class="wide"><span class="action">${action}</span></td><td class="wide">${service}</td>
<td class="number both" title="${exact} bytes">${both(({ bytes }) => formatBytes(bytes).replace(' ', '\u00a0'))}</td>
<td class="number wide">${ratio === null ? '' : ratioText(ratio)}</td><td class="number wide">${both(({ flows }) => formatCount(flows))}</td></tr>
`;
}
