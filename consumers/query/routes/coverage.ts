// GET /v1/coverage: the minutes and interfaces of a window that there is evidence for.
import { z } from 'zod';
import { TEXT_FORMATS, TEXT_TYPES } from '../../../schemas/formats.ts';
import { OPTIONS } from '../../shared/options.ts';
import { windowAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import { coverageQuestion } from '../questions/coverage-question.ts';
import { chosenFormat, WINDOW_PARAMETERS, windowParameters } from '../server/parameters.ts';
import type { RegisterRoutes } from '../server/route.ts';
import { sendAnswer } from '../server/send-answer.ts';

const QUERY = z.strictObject({
  ...WINDOW_PARAMETERS,
  format: z.enum(TEXT_FORMATS).optional().describe(OPTIONS.coverageFormat.help),
});

export const coverageRoute: RegisterRoutes = (app, services) => {
  app.route({
    method: 'GET',
    url: '/v1/coverage',
    schema: { summary: 'Minutes and interfaces with evidence', tags: ['windows'], querystring: QUERY },
    config: windowAnswers('The evidence', TEXT_TYPES, { json: named('Coverage'), ndjson: named('CoverageRow') }),
    handler: (request, reply) => {
      const question = coverageQuestion({
        ...windowParameters(request.query, services.query.clock.now()),
        format: chosenFormat(TEXT_FORMATS, TEXT_TYPES, request.query.format, request.headers.accept),
      });
      return sendAnswer(request, reply, services, question);
    },
  });
};
