// GET /: the page for people, with its style and script.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ERRORS, VpcflowError } from '../../../schemas/errors.ts';
import { page } from '../page/page.ts';
import { problemOf } from '../page/page-problem.ts';
import { PAGE_DEFAULTS, PAGE_TYPE, pageQuestion } from '../page/page-question.ts';
import { checkParameters } from '../server/bad-parameter.ts';
import { contentSecurityPolicy } from '../server/guard.ts';
import type { RegisterRoutes } from '../server/route.ts';
import { sendAnswer } from '../server/send-answer.ts';

const FIELD = z.string().max(100).optional();
const QUERY = z.object({
  ...{ start: FIELD, stop: FIELD, group: FIELD, internet: FIELD, top: FIELD, count: FIELD, against: FIELD },
  incomplete: FIELD,
  filter: z.string().max(2000).optional(),
});

const ASSETS = [
  { url: '/page.css', file: '../page/page.css', type: 'text/css; charset=utf-8' },
  { url: '/form.css', file: '../page/form.css', type: 'text/css; charset=utf-8' },
  { url: '/picture.css', file: '../page/picture.css', type: 'text/css; charset=utf-8' },
  { url: '/page.js', file: '../page/browser.js', type: 'text/javascript; charset=utf-8' },
] as const;

/** The form asks this server and no other. */
const POLICY = contentSecurityPolicy({ form: "'self'" });

export const pageRoutes: RegisterRoutes = (app, services) => {
  app.route({
    method: 'GET',
    url: '/',
    schema: { summary: 'The page for people', tags: ['page'], querystring: QUERY, hide: true },
    attachValidation: true, // what is wrong with the fields is said on the page
    handler: async (request, reply) => {
      const given = Object.fromEntries(Object.entries(request.query).filter(([, value]) => typeof value === 'string'));
      const form = { ...PAGE_DEFAULTS, ...given };
      reply.header('content-security-policy', POLICY);
      try {
        checkParameters(request);
        const question = pageQuestion(form, services.ownNetworks, services.query.clock.now());
        return await sendAnswer(request, reply, services, question);
      } catch (error) {
        if (!(error instanceof VpcflowError)) throw error;
        return reply
          .code(ERRORS[error.code].status)
          .type(PAGE_TYPE)
          .send(page(form, problemOf(error)));
      }
    },
  });
  for (const { url, file, type } of ASSETS) {
    const body = readFileSync(new URL(file, import.meta.url));
    app.get(url, { schema: { hide: true }, config: { limited: false } }, (_request, reply) =>
      reply.type(type).header('cache-control', 'no-cache').send(body),
    );
  }
};
