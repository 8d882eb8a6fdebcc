// GET /v1/audit: whether every line of the store is counted out, or where it is not.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { auditJson, auditTable } from '../../../pipeline/audit/report.ts';
import { completenessHeaders } from '../../../pipeline/window/answer-head.ts';
import { DEFAULT_LATENESS_MS, progressCompleteness } from '../../../pipeline/window/completeness.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { auditStore } from '../../shared/audit/audit-store.ts';
import { OPTIONS } from '../../shared/options.ts';
import { loadProgress } from '../../shared/query/window/progress.ts';
import { windowAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import { cancellation } from '../server/cancellation.ts';
import { chosenFormat, optionalWindow } from '../server/parameters.ts';
import type { RegisterRoutes } from '../server/route.ts';
import { isKnown } from '../server/send-answer.ts';

const FORMATS = ['json', 'table'] as const;
const TYPES = { json: 'application/json; charset=utf-8', table: 'text/plain; charset=utf-8' } as const;

const QUERY = z.strictObject({
  start: z.string().optional().describe(`${OPTIONS.start.help}; of arrival (without it: everything)`),
  stop: z.string().optional().describe(`${OPTIONS.stop.help}; of arrival (without it: now)`),
  format: z.enum(FORMATS).optional().describe(OPTIONS.auditFormat.help),
});

export const auditRoute: RegisterRoutes = (app, services) => {
  const { clock, store } = services.query;
  // It reads every object that the commits name: a second one would only take from the first.
  let underWay = false;
  app.route({
    method: 'GET',
    url: '/v1/audit',
    schema: {
      summary: 'Whether every line is counted out; 200 also when it is not',
      tags: ['store'],
      querystring: QUERY,
    },
    config: windowAnswers('The sums and the gaps', TYPES, { json: named('Audit') }),
    handler: async (request, reply) => {
      const { query, headers } = request;
      const now = clock.now();
      const window = optionalWindow(query, now);
      const format = chosenFormat(FORMATS, TYPES, query.format, headers.accept);
      if (underWay) throw new VpcflowError('VF_BUSY', 'another audit is under way');
      underWay = true;
      const { signal, done } = cancellation(reply, services);
      try {
        const progress = await loadProgress(store);
        const result = await auditStore(store, { window, signal });
        signal.throwIfAborted();
        const body = format === 'json' ? auditJson(result) : auditTable(result);
        const etag = `"${createHash('sha256').update(`${format}\n${body}`).digest('base64url')}"`;
        const extent = progressCompleteness(progress, window?.stop ?? now, DEFAULT_LATENESS_MS, now);
        reply.headers({ ...completenessHeaders(extent), etag, vary: 'accept' });
        reply.header('cache-control', 'private, no-cache');
        if (isKnown(headers['if-none-match'], etag)) return reply.code(304).send();
        return reply.type(TYPES[format]).send(body);
      } finally {
        underWay = false;
        done();
      }
    },
  });
};
