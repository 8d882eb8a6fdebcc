// GET /v1/graph: who talked to whom in a window.
import { z } from 'zod';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { GRAPH_FORMATS, GRAPH_TYPES } from '../../../schemas/formats.ts';
import { COUNTINGS } from '../../../schemas/graph.ts';
import { OPTIONS } from '../../shared/options.ts';
import { windowAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import { graphQuestion } from '../questions/graph-question.ts';
import { NODE_PARAMETERS, nodeParameters } from '../server/node-parameters.ts';
import {
  chosenFormat,
  FILTER_PARAMETER,
  OVERLAPPING_PARAMETER,
  optionParameter,
  WINDOW_PARAMETERS,
  windowParameters,
} from '../server/parameters.ts';
import type { RegisterRoutes } from '../server/route.ts';
import { sendAnswer } from '../server/send-answer.ts';

const QUERY = z.strictObject({
  ...WINDOW_PARAMETERS,
  overlapping: OVERLAPPING_PARAMETER,
  ...NODE_PARAMETERS,
  filter: FILTER_PARAMETER,
  count: z.enum(COUNTINGS).optional().describe(OPTIONS.count.help),
  format: z.enum(GRAPH_FORMATS).optional().describe(OPTIONS.graphFormat.help),
});

/** The address of the same drawing without its filter, as a reference from itself. */
function sameQuestion({ filter: _, ...query }: z.infer<typeof QUERY>): string {
  const given = Object.entries({ ...query, format: 'svg' });
  return `?${new URLSearchParams(given.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])))}`;
}

export const graphRoute: RegisterRoutes = (app, services) => {
  app.route({
    method: 'GET',
    url: '/v1/graph',
    schema: { summary: 'Who talked to whom in a window', tags: ['windows'], querystring: QUERY },
    config: windowAnswers('The graph', GRAPH_TYPES, { json: named('Graph') }, ['VF_BAD_FILTER']),
    handler: (request, reply) => {
      const { query } = request;
      const now = services.query.clock.now();
      const question = graphQuestion({
        ...windowParameters(query, now),
        overlapping: optionParameter(OPTIONS.overlapping, query.overlapping),
        ...nodeParameters(query, services.ownNetworks),
        where: compileFilter(query.filter ?? '', now),
        count: query.count ?? OPTIONS.count.default,
        format: chosenFormat(GRAPH_FORMATS, GRAPH_TYPES, query.format, request.headers.accept),
        linked: { to: sameQuestion(query), filter: query.filter ?? '' },
      });
      return sendAnswer(request, reply, services, question);
    },
  });
};
