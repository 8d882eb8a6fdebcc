// GET /docs: the API as a page for people, made once from /openapi.json.
import { readFileSync } from 'node:fs';
import type { ApiDocument } from '../docs/api-document.ts';
import { docsPage } from '../docs/docs-page.ts';
import { plainAnswers } from '../openapi/answers.ts';
import type { RegisterRoutes } from '../server/route.ts';

const TYPE = 'text/html; charset=utf-8';

export const docsRoutes: RegisterRoutes = (app) => {
  const style = readFileSync(new URL('../docs/docs.css', import.meta.url));
  app.get(
    '/docs',
    {
      schema: { summary: 'This description as a page', tags: ['operation'] },
      config: plainAnswers('The page', { [TYPE]: null }),
    },
    (request, reply) => {
      // The document is one of OpenAPI 3.1, of which this is a part.
      const document = app.swagger() as unknown as ApiDocument;
      const page = docsPage(document, `${request.protocol}://${request.host}`);
      return reply.type(TYPE).header('cache-control', 'no-cache').send(page);
    },
  );
  app.get('/docs.css', { schema: { hide: true }, config: { limited: false } }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'no-cache').send(style),
  );
};
