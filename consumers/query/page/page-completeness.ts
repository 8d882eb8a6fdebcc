// Turns how complete an answer is into the notice that stands above it.
import { completenessText } from '../../../pipeline/graph/graph-words.ts';
import { formatMany } from '../../../pipeline/quantities.ts';
import type { Completeness } from '../../../schemas/query.ts';
import { type Html, html } from './html.ts';

/**
 * The notice: one sentence, and a list of what is missing. Red where objects could not be read, yellow where something
 * is still to come or was left out, green where everything is there, grey where nobody can say.
 */
export function completenessHtml(completeness: Completeness): Html {
  const { complete, warnings, skipdata } = completeness;
  const details = detailsOf(completeness);
  const kind =
    warnings.length > 0
      ? 'bad'
      : complete === false || skipdata.minutes > 0
        ? 'open'
        : complete === true
          ? 'good'
          : 'unknown';
  return html`<div class="notice ${kind}"><p>${completenessText(completeness)}</p>${
    details.length === 0 ? null : html`<ul>${details.map((one) => html`<li>${one}</li>`)}</ul>`
  }</div>`;
}

function detailsOf({ behind, skipdata, longestInterval, warnings, lateness, complete }: Completeness): string[] {
  const [last] = behind.shards;
  const lines = [...warnings];
  if (behind.count > 0 && last !== undefined) {
    const waits = behind.count === 1 ? 'is' : 'are';
    lines.push(
      `${formatMany(behind.count, 'shard')} ${waits} not yet ${formatMany(lateness / 60_000, 'minute')} past the window; ` +
        `furthest behind: ${last.shard} of ${last.stream}.`,
    );
  }
  if (skipdata.minutes > 0) {
    const named = skipdata.named.slice(0, 3).map((one) => `${one.interface_id ?? 'unknown'} (${one.minutes})`);
    lines.push(
      `AWS left flows out (SKIPDATA) in ${formatMany(skipdata.minutes, 'interface-minute')} of ` +
        `${formatMany(skipdata.interfaces, 'interface')}: ${named.join(', ')}${skipdata.named.length > 3 ? ', …' : ''}.`,
    );
  }
  if (complete !== true && longestInterval !== null && longestInterval > 60) {
    lines.push(
      `Flows are aggregated over up to ${formatMany(longestInterval, 'second')}: lines can come that much later.`,
    );
  }
  return lines;
}
