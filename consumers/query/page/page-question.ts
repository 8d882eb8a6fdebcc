// Turns what the form of the page holds into a question whose answer is the page.
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { parseWindow } from '../../../pipeline/window.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { COUNTINGS } from '../../../schemas/graph.ts';
import { OPTIONS } from '../../shared/options.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window-source.ts';
import { drawGraph } from '../drawing/draw-graph.ts';
import { knownGroup, readGraph } from '../questions/graph-question.ts';
import type { Question } from '../questions/question.ts';
import { optionParameter } from '../server/parameters.ts';
import type { PageOptions } from './links.ts';
import { type PageAnswer, type PageForm, page } from './page.ts';

export const PAGE_TYPE = 'text/html; charset=utf-8';

/** What the page shows when nothing is asked. */
export const PAGE_DEFAULTS: PageForm = {
  start: 'now-15m',
  stop: 'now',
  group: 'address',
  filter: '',
  top: '20',
  count: 'conversations',
};

/** How long the page waits for its drawing, ms; it has a table beside it. */
const DRAW_PATIENCE = 8000;

/** Throws VF_BAD_* for what cannot be asked. */
export function pageQuestion(form: PageForm, now: number): Question {
  const top = optionParameter(OPTIONS.top, form.top === '' ? undefined : form.top);
  const options: PageOptions = {
    window: parseWindow(form.start, form.stop, now),
    lateness: OPTIONS.lateness.default,
    group: optionParameter(OPTIONS.grouping, form.group),
    internet: OPTIONS.internet.default,
    ownNetworks: OPTIONS.ownNetworks.default,
    count: member(COUNTINGS, form.count, 'count'),
    filter: form.filter,
    where: compileFilter(form.filter, now),
    top,
  };
  knownGroup(options.group);
  return {
    ...{ window: options.window, lateness: options.lateness, tables: ['digests'] },
    ...{ contentType: PAGE_TYPE, binary: false, text: JSON.stringify(['page', form]) },
    async *answer(service, source, signal) {
      yield page(form, await pageAnswer(service, source, options, signal).catch(asSentence));
    },
  };
}

async function pageAnswer(
  service: QueryService,
  source: WindowSource,
  options: PageOptions,
  signal: AbortSignal,
): Promise<PageAnswer> {
  const graph = await readGraph(service, source, options, signal);
  const drawing = await drawGraph(graph, 'svg', signal, { title: false, timeLimit: DRAW_PATIENCE }).then(
    (svg) => ({ svg }),
    (error) => ({ problem: asSentence(error) }),
  );
  return { options, graph, drawing, store: service.store.uri };
}

/** What went wrong as a sentence, when it is about the question and not about the server. */
export function asSentence(error: unknown): string {
  if (error instanceof VpcflowError && (error.code === 'VF_LIMIT' || error.code.startsWith('VF_BAD_'))) {
    return `${error.message}; ${error.help}`;
  }
  throw error;
}

function member<const T extends string>(all: readonly T[], text: string, name: string): T {
  const found = all.find((one) => one === text);
  if (found !== undefined) return found;
  throw new VpcflowError('VF_BAD_PARAMETER', `${name} must be one of ${all.join(', ')}, not ${JSON.stringify(text)}`);
}
