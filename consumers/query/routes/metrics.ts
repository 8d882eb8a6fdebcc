// GET /metrics: what the server counts, in the Prometheus text format.
import { EVERYWHERE, plainAnswers } from '../openapi/answers.ts';
import type { RegisterRoutes } from '../server/route.ts';

export const metricsRoute: RegisterRoutes = (app, { metrics }) => {
  const config = {
    ...plainAnswers('The metrics', { [metrics.registry.contentType]: null }, [...EVERYWHERE, 'VF_UNAUTHORIZED']),
    limited: false,
  };
  app.get('/metrics', { schema: { summary: 'Prometheus metrics', tags: ['operation'] }, config }, async (_, reply) => {
    await metrics.refresh();
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
};
