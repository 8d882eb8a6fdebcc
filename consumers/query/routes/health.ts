// GET /healthz and /readyz: whether the process lives, and whether it can answer questions.
import type { RegisterRoutes } from '../server/route.ts';

const OK = { status: 'ok' } as const;
/** Balancers ask without a token, and often. */
const config = { role: 'none', limited: false } as const;

export const healthRoutes: RegisterRoutes = (app, { unready }) => {
  app.get('/healthz', { schema: { summary: 'The process lives', tags: ['operation'] }, config }, async () => OK);
  app.get(
    '/readyz',
    {
      schema: {
        summary: 'Questions can be answered; 503 while the server ends, or the store, the engine or the cache fails',
        tags: ['operation'],
      },
      config,
    },
    async (_request, reply) => {
      const why = await unready();
      reply.header('cache-control', 'no-store');
      return why.length === 0 ? OK : reply.code(503).send({ status: 'not ready', why });
    },
  );
};
