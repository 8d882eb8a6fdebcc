// GET /v1/diff: what differs between a window and another one.
import { z } from 'zod';
import { againstWindow } from '../../../pipeline/diff/diff-windows.ts';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { AGAINST } from '../../../schemas/diff.ts';
import { DIFF_FORMATS, DIFF_TYPES } from '../../../schemas/formats.ts';
import { COUNTINGS } from '../../../schemas/graph.ts';
import { OPTIONS } from '../../shared/options.ts';
import { windowAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import { diffQuestion } from '../questions/diff-question.ts';
import { NODE_PARAMETERS, nodeParameters } from '../server/node-parameters.ts';
import {
  chosenFormat,
  FILTER_PARAMETER,
  OVERLAPPING_PARAMETER,
  optionParameter,
  plusRestored,
  WINDOW_PARAMETERS,
  windowParameters,
} from '../server/parameters.ts';
import type { RegisterRoutes } from '../server/route.ts';
import { sendAnswer } from '../server/send-answer.ts';
import { checkLength } from '../server/window-limit.ts';

const QUERY = z.strictObject({
  ...WINDOW_PARAMETERS,
  against: z.enum(AGAINST).optional().describe(OPTIONS.against.help),
  'against-start': z.string().optional().describe(OPTIONS.againstStart.help),
  'against-stop': z.string().optional().describe(OPTIONS.againstStop.help),
  incomplete: z.enum(['true', 'false']).optional().describe(OPTIONS.incomplete.help),
  overlapping: OVERLAPPING_PARAMETER,
  ...NODE_PARAMETERS,
  filter: FILTER_PARAMETER,
  count: z.enum(COUNTINGS).optional().describe(OPTIONS.count.help),
  format: z.enum(DIFF_FORMATS).optional().describe(OPTIONS.diffFormat.help),
});

const { answers: ANSWERS } = windowAnswers('The difference', DIFF_TYPES, { json: named('Diff') }, ['VF_BAD_FILTER']);

const timeOf = (text: string | undefined): string | null => (text === undefined ? null : plusRestored(text));

/** What the graph of the window is asked with as its difference was. */
const GRAPH_PARAMETERS = [
  ...(['start', 'stop', 'lateness', 'overlapping', 'group', 'internet', 'own-networks', 'top', 'count'] as const),
];

/** The address of the window's graph without its filter, as a reference from a drawing. */
const graphOf = (query: z.infer<typeof QUERY>): string =>
  `graph?${new URLSearchParams([
    ...GRAPH_PARAMETERS.flatMap((name): [string, string][] => {
      const value = query[name];
      return value === undefined ? [] : [[name, value]];
    }),
    ['format', 'svg'],
  ])}`;

export const diffRoute: RegisterRoutes = (app, services) => {
  app.route({
    method: 'GET',
    url: '/v1/diff',
    schema: { summary: 'What differs between two windows', tags: ['windows'], querystring: QUERY },
    config: { answers: { ...ANSWERS, compared: true } },
    handler: (request, reply) => {
      const { query } = request;
      const now = services.query.clock.now();
      const { window, lateness } = windowParameters(query, now);
      const against = {
        against: query.against ?? OPTIONS.against.default,
        againstStart: timeOf(query['against-start']),
        againstStop: timeOf(query['against-stop']),
      };
      const other = againstWindow(window, against, now);
      // As they were asked for: what is opened of them may be less.
      for (const asked of [window, other]) checkLength(asked, services.maxWindow);
      const question = diffQuestion({
        ...{ window, lateness, against: other },
        incomplete: optionParameter(OPTIONS.incomplete, query.incomplete),
        overlapping: optionParameter(OPTIONS.overlapping, query.overlapping),
        ...nodeParameters(query, services.ownNetworks),
        where: compileFilter(query.filter ?? '', now),
        count: query.count ?? OPTIONS.count.default,
        format: chosenFormat(DIFF_FORMATS, DIFF_TYPES, query.format, request.headers.accept),
        linked: { to: graphOf(query), filter: query.filter ?? '' },
      });
      return sendAnswer(request, reply, services, question);
    },
  });
};
