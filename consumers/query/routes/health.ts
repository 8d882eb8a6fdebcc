// GET /healthz and /readyz: whether the process lives, and whether it can answer questions.
import type { RegisterRoutes } from '../server/route.ts';

const OK = { status: 'ok' } as const;

export const healthRoutes: RegisterRoutes = (app, { query }) => {
  app.get('/healthz', { schema: { summary: 'The process lives', tags: ['operation'] } }, async () => OK);
  app.get('/readyz', { schema: { summary: 'The store and the engine answer', tags: ['operation'] } }, async () => {
    for await (const _ of query.store.list('watermarks/')) break;
    const { chunks } = await query.engine.run('SELECT 1');
    for await (const _ of chunks);
    return OK;
  });
};
