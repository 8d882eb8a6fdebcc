// GET /v1/rows: the merged digest rows of a window.
import { z } from 'zod';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { ROW_FORMATS, ROW_TYPES } from '../../../schemas/formats.ts';
import { OPTIONS } from '../../shared/options.ts';
import { windowAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import { rowsQuestion } from '../questions/rows-question.ts';
import {
  chosenFormat,
  FILTER_PARAMETER,
  GROUP_PARAMETER,
  OVERLAPPING_PARAMETER,
  optionParameter,
  TOP_PARAMETER,
  WINDOW_PARAMETERS,
  windowParameters,
} from '../server/parameters.ts';
import type { RegisterRoutes } from '../server/route.ts';
import { sendAnswer } from '../server/send-answer.ts';

const QUERY = z.strictObject({
  ...WINDOW_PARAMETERS,
  overlapping: OVERLAPPING_PARAMETER,
  group: GROUP_PARAMETER,
  filter: FILTER_PARAMETER,
  top: TOP_PARAMETER,
  format: z.enum(ROW_FORMATS).optional().describe(OPTIONS.rowsFormat.help),
});

export const rowsRoute: RegisterRoutes = (app, services) => {
  app.route({
    method: 'GET',
    url: '/v1/rows',
    schema: { summary: 'The merged rows of a window', tags: ['windows'], querystring: QUERY },
    config: windowAnswers('The rows', ROW_TYPES, { json: named('Rows'), ndjson: named('Row') }, ['VF_BAD_FILTER']),
    handler: (request, reply) => {
      const { query } = request;
      const now = services.query.clock.now();
      const question = rowsQuestion({
        ...windowParameters(query, now),
        overlapping: optionParameter(OPTIONS.overlapping, query.overlapping),
        group: optionParameter(OPTIONS.columns, query.group),
        top: optionParameter(OPTIONS.top, query.top),
        where: compileFilter(query.filter ?? '', now),
        format: chosenFormat(ROW_FORMATS, ROW_TYPES, query.format, request.headers.accept),
      });
      return sendAnswer(request, reply, services, question);
    },
  });
};
