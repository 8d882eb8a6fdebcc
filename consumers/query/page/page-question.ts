// Turns what the form of the page holds into a question whose answer is the page.
import { againstWindow } from '../../../pipeline/diff/diff-windows.ts';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { seriesSql } from '../../../pipeline/series/series-sql.ts';
import { stepFor } from '../../../pipeline/series/step.ts';
import { parseWindow } from '../../../pipeline/window/window.ts';
import { AGAINST } from '../../../schemas/diff.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { COUNTINGS, INTERNETS } from '../../../schemas/graph.ts';
import type { QueryValue, Window } from '../../../schemas/query.ts';
import { OPTIONS } from '../../shared/options.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import { drawableGraphs, drawGraph } from '../drawing/draw-graph.ts';
import { knownGroup, linkOf, readGraph } from '../questions/graph-question.ts';
import type { Question } from '../questions/question.ts';
import { optionParameter, plusRestored } from '../server/parameters.ts';
import { type PageOptions, unfilteredPage } from './links.ts';
import { type PageAnswer, page } from './page.ts';
import { pageDifference } from './page-difference.ts';
import type { PageForm } from './page-form.ts';
import { asProblem } from './page-problem.ts';
import { type PageSeries, seriesOf } from './page-series.ts';
import { openPage, type PageSource } from './page-source.ts';

export const PAGE_TYPE = 'text/html; charset=utf-8';

/** What the page shows when nothing is asked. */
export const PAGE_DEFAULTS: PageForm = {
  start: 'now-15m',
  stop: 'now',
  group: 'address',
  internet: 'each',
  filter: '',
  top: '20',
  count: 'conversations',
  against: '',
  incomplete: '',
};

/** How long the page waits for its drawing, ms; it has a table beside it. */
const DRAW_PATIENCE = 8000;

/** Throws VF_BAD_* for what cannot be asked. */
export function pageQuestion(form: PageForm, ownNetworks: readonly string[], now: number): Question<PageSource> {
  const asked: PageOptions = {
    window: parseWindow(plusRestored(form.start), plusRestored(form.stop), now),
    lateness: OPTIONS.lateness.default,
    group: optionParameter(OPTIONS.grouping, form.group),
    internet: member(INTERNETS, form.internet, 'internet'),
    ownNetworks,
    count: member(COUNTINGS, form.count, 'count'),
    filter: form.filter,
    where: compileFilter(form.filter, now),
    top: optionParameter(OPTIONS.top, form.top === '' ? undefined : form.top),
    against: form.against === '' ? null : member(AGAINST, form.against, 'against'),
    incomplete: optionParameter(OPTIONS.incomplete, form.incomplete === '' ? undefined : form.incomplete),
  };
  const options = { ...asked, linked: { to: unfilteredPage(asked), filter: form.filter } };
  knownGroup(options.group);
  const { against } = options;
  const other =
    against === null ? null : againstWindow(options.window, { against, againstStart: null, againstStop: null }, now);
  return {
    ...{ window: options.window, lateness: options.lateness, tables: ['digests'] },
    ...{ contentType: PAGE_TYPE, binary: false, text: JSON.stringify(['page', form, ownNetworks]) },
    open: (service, signal) => openPage(service, options, other, signal),
    async *answer(service, source, signal) {
      yield page(form, await pageAnswer(service, source, options, other, signal).catch(asProblem));
    },
  };
}

async function pageAnswer(
  service: QueryService,
  { shown, pair, mirroring }: PageSource,
  options: PageOptions,
  against: Window | null,
  signal: AbortSignal,
): Promise<PageAnswer> {
  const graph = await readGraph(service, shown, options, signal);
  const drawing = await drawGraph(graph, 'svg', signal, {
    ...{ title: false, timeLimit: DRAW_PATIENCE, link: linkOf(options) },
  }).then(
    (svg) => ({ svg }),
    (error) => ({ problem: asProblem(error).message, smaller: drawableGraphs(graph) }),
  );
  const difference = async (): Promise<PageAnswer['difference']> => {
    if (pair === null || against === null) return null;
    if ('sentence' in pair) return pair;
    return await pageDifference(service, pair, { ...options, against }, DRAW_PATIENCE, signal);
  };
  return {
    ...{ options, completeness: shown.completeness, graph, drawing, mirroring, store: service.store.uri },
    series: await readSeries(service, shown, options, signal),
    difference: await difference(),
  };
}

async function readSeries(
  service: QueryService,
  source: WindowSource,
  { window, where = null, count }: PageOptions,
  signal: AbortSignal,
): Promise<PageSeries> {
  const step = stepFor(window);
  const { sql, parameters } = seriesSql(source.tables.digests, { window, where, count, step });
  const { chunks } = await service.engine.run(sql, parameters, signal);
  const rows: (readonly QueryValue[])[] = [];
  for await (const chunk of chunks) rows.push(...chunk);
  return seriesOf(window, step, rows);
}

function member<const T extends string>(all: readonly T[], text: string, name: string): T {
  const found = all.find((one) => one === text);
  if (found !== undefined) return found;
  throw new VpcflowError('VF_BAD_PARAMETER', `${name} must be one of ${all.join(', ')}, not ${JSON.stringify(text)}`);
}
