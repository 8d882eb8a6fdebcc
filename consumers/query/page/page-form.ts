// Turns what a person asked into the form of the page, with what was wrong beside the field that it was wrong in.
import { AGAINST } from '../../../schemas/diff.ts';
import { COUNTINGS, type Counting, INTERNETS } from '../../../schemas/graph.ts';
import { Html, html } from './html.ts';

/** What the form holds: as it was given, which need not be valid. */
export interface PageForm {
  readonly start: string;
  readonly stop: string;
  readonly group: string;
  readonly internet: string;
  readonly filter: string;
  readonly top: string;
  readonly count: string;
  /** Empty: nothing is compared. */
  readonly against: string;
  /** `true`: minutes are compared that are not complete. */
  readonly incomplete: string;
}

/** Why a question has no answer. */
export interface PageProblem {
  readonly message: string;
  /** The message, and what to do. */
  readonly sentence: string;
  /** The field that it is about; null: none of them alone. */
  readonly field: keyof PageForm | null;
  /** Of a filter: where it is wrong, in characters from 1; null elsewhere. */
  readonly column: number | null;
}

const GROUPS = ['address', 'cidr24', 'cidr16', 'cidr16-48', 'subnet', 'vpc', 'instance', 'interface', 'service'];

const COUNT_NAMES: Readonly<Record<Counting, string>> = {
  conversations: 'each conversation once',
  observed: 'as each interface saw it',
};
const AGAINST_NAMES = { before: 'the window before', day: 'a day earlier', week: 'a week earlier' } as const;
const INTERNET_NAMES = { each: 'each address', one: 'one node' } as const;

const options = (names: Readonly<Record<string, string>>, values: readonly string[], chosen: string): Html[] =>
  values.map(
    (value) =>
      html`<option value="${value}"${value === chosen ? new Html(' selected') : null}>${names[value]}</option>`,
  );

/**
 * The form with the fields as they were given.
 * @param problem why there is no answer: said below the fields, and at the one that it is about; null where there is one.
 */
export function formHtml(form: PageForm, problem: PageProblem | null): Html {
  const wrong = (field: keyof PageForm): Html | null =>
    problem?.field === field ? html` aria-invalid="true" aria-describedby="problem"` : null;
  const plain = html` spellcheck="false" autocomplete="off" autocapitalize="none"`;
  return html`<form method="get" action="/" aria-label="What to show">
<label class="time">From<input name="start" value="${form.start}" required${plain}${wrong('start')}></label>
<label class="time">To<input name="stop" value="${form.stop}" required${plain}${wrong('stop')}></label>
<label class="group">Group by<input name="group" value="${form.group}" list="groups"${plain}${wrong('group')}></label>
<datalist id="groups">${GROUPS.map((one) => html`<option value="${one}">`)}</datalist>
<label>Internet<select name="internet"${wrong('internet')}>${options(INTERNET_NAMES, INTERNETS, form.internet)}</select></label>
<label class="top">Top<input name="top" type="number" min="1" max="500" value="${form.top}"${wrong('top')}></label>
<label>Count<select name="count"${wrong('count')}>${options(COUNT_NAMES, COUNTINGS, form.count)}</select></label>
<label>Compare with<select name="against"${wrong('against')}><option value="">nothing</option>${options(AGAINST_NAMES, AGAINST, form.against)}</select></label>
<label class="check"><input type="checkbox" name="incomplete" value="true"${form.incomplete === 'true' ? new Html(' checked') : null}${wrong('incomplete')}>compare incomplete minutes too</label>
<label class="filter">Filter<input name="filter" value="${form.filter}" list="filters" placeholder="addr in 10.0.0.0/8 and port = https and not action = REJECT"${plain}${wrong('filter')}></label>
<datalist id="filters"></datalist>
<button>Show</button>
${problem === null ? null : problemHtml(form, problem)}<p class="hint">Times: <code>2026-11-20T14:05:00Z</code>, <code>now-15m</code>, <code>now-1d</code>; in whole minutes, UTC. Groups: also <code>cidrN</code> (IPv4 /N) and <code>cidrN-M</code> (IPv6 /M).</p>
</form>`;
}

function problemHtml(form: PageForm, { sentence, field, column }: PageProblem): Html {
  if (field !== 'filter' || column === null)
    return html`<p class="notice bad" id="problem" role="alert">${sentence}</p>\n`;
  const before = [...form.filter].slice(0, column - 1).join('');
  const rest = [...form.filter].slice(column - 1).join('');
  return html`<div class="notice bad" id="problem" role="alert"><p>${sentence}</p>
<code class="place">${before}<mark>${rest === '' ? ' ' : rest}</mark></code></div>\n`;
}
