// GET /metrics: what the server counts, in the Prometheus text format.
import type { RegisterRoutes } from '../server/route.ts';

export const metricsRoute: RegisterRoutes = (app, { metrics }) => {
  app.get('/metrics', { schema: { summary: 'Prometheus metrics', tags: ['operation'] } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
};
