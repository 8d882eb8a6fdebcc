// Turns the steps of a window into a small bar chart: flows accepted and rejected in each step.
import { formatBytes, formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { QueryValue, Window } from '../../../schemas/query.ts';
import { type Html, html } from './html.ts';

/** What was counted in one step, of all actions but REJECT, and of REJECT. */
export interface SeriesStep {
  readonly time: number; // Unix ms
  readonly accepted: { readonly flows: bigint; readonly bytes: bigint };
  readonly rejected: { readonly flows: bigint; readonly bytes: bigint };
}

export interface PageSeries {
  readonly step: number; // ms
  readonly steps: readonly SeriesStep[];
}

const NOTHING = { flows: 0n, bytes: 0n };

/** Every step of the window, those without flows too, of the rows of `seriesSql`. */
export function seriesOf(window: Window, step: number, rows: Iterable<readonly QueryValue[]>): PageSeries {
  const first = Math.floor(window.start / step) * step;
  const steps: SeriesStep[] = [];
  for (let time = first; time < window.stop; time += step) steps.push({ time, accepted: NOTHING, rejected: NOTHING });
  for (const [minute, action, flows, , bytes] of rows) {
    const at = Math.floor((Number(minute) - first) / step);
    const found = steps[at];
    if (found === undefined) continue;
    const side = action === 'REJECT' ? 'rejected' : 'accepted';
    const sum = { flows: found[side].flows + BigInt(Number(flows)), bytes: found[side].bytes + BigInt(String(bytes)) };
    steps[at] = { ...found, [side]: sum };
  }
  return { step, steps };
}

const WIDTH = 1200;
const HEIGHT = 80;

const clock = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

const stepText = (ms: number): string => {
  const minutes = ms / 60_000;
  if (minutes < 60) return formatMany(minutes, 'minute');
  return minutes < 1440 ? formatMany(minutes / 60, 'hour') : formatMany(minutes / 1440, 'day');
};

/** The chart, one bar a step, as high as its share of the highest; `address` is that of the same numbers. */
export function seriesHtml({ step, steps }: PageSeries, address: string): Html {
  const flows = steps.map(({ accepted, rejected }) => accepted.flows + rejected.flows);
  const most = flows.sort((a, b) => (a === b ? 0 : a > b ? -1 : 1))[0] || 1n;
  const total = steps.reduce((sum, one) => sum + one.rejected.flows, 0n);
  const width = WIDTH / Math.max(1, steps.length);
  const height = (flows: bigint): number => (Number((flows * 10_000n) / most) / 10_000) * HEIGHT;
  const bars = steps.map((one, i) => {
    const [up, top] = [height(one.accepted.flows), height(one.rejected.flows)];
    const x = (i * width).toFixed(2);
    const text =
      `${clock(one.time)} UTC: ${formatMany(one.accepted.flows, 'flow')} accepted, ${formatBytes(one.accepted.bytes)}; ` +
      `${formatMany(one.rejected.flows, 'flow')} rejected`;
    const bar = (y: number, tall: number, name: string) =>
      tall === 0
        ? null
        : html`<rect class="${name}" x="${x}" y="${y.toFixed(2)}" width="${Math.max(1, width - 2).toFixed(2)}" height="${tall.toFixed(2)}"/>`;
    return html`<g><title>${text}</title><rect class="step" x="${x}" y="0" width="${width.toFixed(2)}" height="${HEIGHT}"/>${bar(HEIGHT - up, up, 'accepted')}${bar(HEIGHT - up - top, top, 'rejected')}</g>\n`;
  });
  const label = `Flows in each ${stepText(step)}, at most ${formatCount(most)}; ${formatMany(total, 'flow')} rejected in all`;
  return html`<section class="series">
<div class="bar"><h2>Flows in time</h2><p>one bar ${stepText(step)}; the highest ${formatMany(most, 'flow')} <span class="key"><i class="flows"></i>accepted <i class="flows rejects"></i>rejected</span> <a href="${address}">numbers (CSV)</a></p></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
${bars}</svg>
<p class="ends"><span>${clock(steps[0]?.time ?? 0)}</span><span>${clock((steps.at(-1)?.time ?? 0) + step)} UTC</span></p>
</section>`;
}
