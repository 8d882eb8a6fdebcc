// GET /healthz and /readyz: whether the process lives, and whether it can answer questions.
import { EVERYWHERE, plainAnswers } from '../openapi/answers.ts';
import { oneOf, record } from '../openapi/json-schema.ts';
import type { RegisterRoutes } from '../server/route.ts';

const OK = { status: 'ok' } as const;
/** Balancers ask without a token, and often. */
const FREE = { role: 'none', limited: false } as const;
const BODY = { 'application/json; charset=utf-8': record('It is well.', { status: oneOf('always', ['ok']) }) };

export const healthRoutes: RegisterRoutes = (app, { unready }) => {
  const config = { ...FREE, ...plainAnswers('It lives', BODY, EVERYWHERE) };
  app.get('/healthz', { schema: { summary: 'The process lives', tags: ['operation'] }, config }, async () => OK);
  app.get(
    '/readyz',
    {
      schema: {
        summary: 'Questions can be answered; 503 while the server ends, or the store, the engine or the cache fails',
        tags: ['operation'],
      },
      config: {
        ...FREE,
        ...plainAnswers('It is ready', BODY, EVERYWHERE, { 503: 'It is not: `{"status","why":[…]}`' }),
      },
    },
    async (_request, reply) => {
      const why = await unready();
      reply.header('cache-control', 'no-store');
      return why.length === 0 ? OK : reply.code(503).send({ status: 'not ready', why });
    },
  );
};
