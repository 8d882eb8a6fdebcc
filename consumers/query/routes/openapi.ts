// GET /openapi.json: the description of every route, made from the schemas that check their parameters.
import { plainAnswers } from '../openapi/answers.ts';
import type { RegisterRoutes } from '../server/route.ts';

export const openapiRoute: RegisterRoutes = (app) => {
  const config = plainAnswers('OpenAPI 3.1', { 'application/json; charset=utf-8': { type: 'object' } });
  const schema = { summary: 'This description', tags: ['operation'] };
  app.get('/openapi.json', { schema, config }, async () => app.swagger());
};
