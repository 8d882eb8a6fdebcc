// GET /openapi.json: the description of every route, made from the schemas that check their parameters.
import type { RegisterRoutes } from '../server/route.ts';

export const openapiRoute: RegisterRoutes = (app) => {
  app.get('/openapi.json', { schema: { summary: 'This description', tags: ['operation'] } }, async () => app.swagger());
};
