// GET /v1/filter/complete: what can stand at a place of a filter that is being typed.
import { z } from 'zod';
import { completeFilter } from '../../../pipeline/filter/complete.ts';
import { plainAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import type { RegisterRoutes } from '../server/route.ts';

const QUERY = z.strictObject({
  text: z.string().describe('the filter as far as it is typed'),
  at: z
    .string()
    .regex(/^\d{1,9}$/, 'needs a whole number')
    .optional()
    .describe('where the cursor stands, in UTF-16 units as selectionStart counts them (without it: at the end)'),
});

export const filterRoute: RegisterRoutes = (app, { query }) => {
  app.route({
    method: 'GET',
    url: '/v1/filter/complete',
    schema: { summary: 'What can stand at the cursor of a filter', tags: ['filter'], querystring: QUERY },
    config: plainAnswers('What can stand there', { 'application/json; charset=utf-8': named('Completion') }),
    handler: async (request) => {
      const { text, at } = request.query;
      return completeFilter(text, at === undefined ? text.length : Number(at), query.clock.now());
    },
  });
};
