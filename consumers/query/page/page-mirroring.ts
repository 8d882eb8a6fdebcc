// Turns the sessions that mirrored in a window into a table on the page, with links to what flowed there.
import { mirroringAnswer, type SessionEntry } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { formatMany } from '../../../pipeline/quantities.ts';
import { formatTime } from '../../../pipeline/window/window.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { QueryValue, Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import { type Html, html } from './html.ts';
import { interfacePage, interfaceRows, mirroringAddress, type PageOptions } from './links.ts';

export interface PageMirroring {
  /** Those that overlap the window, by their beginning. */
  readonly sessions: readonly SessionEntry[];
  /** What could not be read, a sentence each. */
  readonly warnings: readonly string[];
}

/** How long the page waits for the audit, ms: all of it is read at the first question after a start. */
const PATIENCE = 5000;

/** How many rows the table shows. */
const ROWS = 20;

/** Never rejects but with the signal's reason: the page is about flows, and has them without this. */
export async function readMirroring(
  service: QueryService,
  window: Window,
  signal: AbortSignal,
): Promise<PageMirroring> {
  const { clock, mirroring } = service;
  const late = new AbortController();
  const nothing = (why: string): PageMirroring => ({ sessions: [], warnings: [why] });
  const asked = { window, finding: null, interface: null, instance: null, state: 'all' } as const;
  try {
    return await Promise.race([
      mirroring.history(clock.now(), signal).then((history) => mirroringAnswer(history, asked)),
      clock
        .sleep(PATIENCE, late.signal)
        .then(() => nothing('The audit of mirroring is still being read: load the page again in a moment.')),
    ]);
  } catch (error) {
    if (signal.aborted || !(error instanceof VpcflowError)) throw error;
    return nothing(error.sentence);
  } finally {
    late.abort();
  }
}

/** Nothing where nothing was mirrored. */
export function mirroringHtml(options: PageOptions, { sessions, warnings }: PageMirroring): Html | null {
  if (sessions.length === 0 && warnings.length === 0) return null;
  const planned = sessions.every(({ mode }) => mode === 'plan') && sessions.length > 0;
  const rest = sessions.length - ROWS;
  return html`<section class="mirroring">
<div class="bar"><h2>Mirroring</h2><p>${formatMany(sessions.length, 'session')} in this window${planned ? ', only planned' : ''} <a href="${mirroringAddress(options, 'json')}">JSON</a></p></div>
${warnings.map((warning) => html`<p class="notice bad">${warning}</p>\n`)}${sessions.length === 0 ? null : tableHtml(options, sessions.slice(0, ROWS))}
${rest > 0 ? html`<p class="hint">${formatMany(rest, 'more session')} not in the table.</p>` : null}
</section>`;
}

const tableHtml = (options: PageOptions, sessions: readonly SessionEntry[]): Html =>
  html`<div class="table" tabindex="0" role="region" aria-label="Mirroring"><table>
<thead><tr><th scope="col">Interface</th><th scope="col" class="wide">Instance</th><th scope="col">Finding</th><th scope="col">From to (UTC)</th><th scope="col" class="wide">Mode</th><th scope="col" class="number wide">VNI</th><th scope="col" class="wide">Flows</th></tr></thead>
<tbody>
${sessions.map((session) => rowHtml(options, session))}</tbody>
</table></div>`;

function rowHtml(options: PageOptions, session: SessionEntry): Html {
  const interfaceId = textOf(session.interface_id);
  const why = typeof session.why === 'string' ? session.why : '';
  return html`<tr>
<td class="name"><a href="${interfacePage(options, interfaceId)}">${interfaceId}</a></td><td class="name wide">${textOf(session.instance_id)}</td>
<td class="name">${textOf(session.finding_type ?? session.cause)}${session.neighbour === true ? ' (neighbour)' : ''}${session.finding_id === null ? null : html`<code class="finding">${textOf(session.finding_id)}</code>`}</td>
<td class="name" title="${why}">${timeText(session.from)} to ${session.to === null ? 'now' : timeText(session.to)}</td>
<td class="wide">${textOf(session.mode)}</td><td class="number wide">${textOf(session.virtual_network_id)}</td>
<td class="wide"><a href="${interfaceRows(options, interfaceId)}" aria-label="Rows of ${interfaceId}">rows</a></td></tr>
`;
}

const textOf = (value: QueryValue | undefined): string => (value === null || value === undefined ? '–' : String(value));

/** `11-20 05:58`; of the table's own year nobody asks. */
const timeText = (value: QueryValue | undefined): string =>
  typeof value === 'number' ? formatTime(value).slice(5, 16).replace('T', ' ') : '–';
