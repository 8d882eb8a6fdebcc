// GET /v1/series: bytes, packets and flows of a window in steps of time.
import { z } from 'zod';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { TEXT_FORMATS, TEXT_TYPES } from '../../../schemas/formats.ts';
import { COUNTINGS } from '../../../schemas/graph.ts';
import { OPTIONS } from '../../shared/options.ts';
import { windowAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import { seriesQuestion } from '../questions/series-question.ts';
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
  filter: FILTER_PARAMETER,
  step: z.string().optional().describe(`${OPTIONS.step.help} (${OPTIONS.step.bounds})`),
  count: z.enum(COUNTINGS).optional().describe(OPTIONS.count.help),
  format: z.enum(TEXT_FORMATS).optional().describe(OPTIONS.seriesFormat.help),
});

export const seriesRoute: RegisterRoutes = (app, services) => {
  app.route({
    method: 'GET',
    url: '/v1/series',
    schema: { summary: 'Bytes, packets and flows in steps of time', tags: ['windows'], querystring: QUERY },
    config: windowAnswers('The steps', TEXT_TYPES, { json: named('Series'), ndjson: named('SeriesPoint') }, [
      'VF_BAD_FILTER',
    ]),
    handler: (request, reply) => {
      const { query } = request;
      const now = services.query.clock.now();
      const question = seriesQuestion({
        ...windowParameters(query, now),
        overlapping: optionParameter(OPTIONS.overlapping, query.overlapping),
        step: optionParameter(OPTIONS.step, query.step),
        where: compileFilter(query.filter ?? '', now),
        count: query.count ?? OPTIONS.count.default,
        format: chosenFormat(TEXT_FORMATS, TEXT_TYPES, query.format, request.headers.accept),
      });
      return sendAnswer(request, reply, services, question);
    },
  });
};
