// GET /v1/mirroring/sessions: which packets there are, of what and when, and why there are none.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { mirroringAnswer, SESSION_STATES } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import { mirroringCsv, mirroringJson, mirroringNdjson } from '../../../pipeline/mirror-audit/mirroring-text.ts';
import { wholenessHeaders } from '../../../pipeline/window/answer-head.ts';
import { TEXT_TYPES } from '../../../schemas/formats.ts';
import { ASKED_IDS, type IdForm, needsId } from '../../../schemas/mirroring/asked-ids.ts';
import { mirroringQuestion } from '../../shared/mirroring/mirroring-question.ts';
import { OPTIONS } from '../../shared/options.ts';
import { conditionalAnswers } from '../openapi/answers.ts';
import { named } from '../openapi/json-schema.ts';
import { cancellation } from '../server/cancellation.ts';
import { chosenFormat, plusRestored } from '../server/parameters.ts';
import type { RegisterRoutes } from '../server/route.ts';
import { isKnown } from '../server/send-answer.ts';

const FORMATS = ['json', 'csv', 'ndjson'] as const;

/** The sentence follows the parameter's name. */
const idOf = (kind: IdForm) => z.string().regex(kind.form, { error: needsId(kind) });

const QUERY = z.strictObject({
  start: z.string().optional().describe(`${OPTIONS.start.help} (without it: the last day; of a finding: whenever)`),
  stop: z.string().optional().describe(`${OPTIONS.stop.help} (without it: now)`),
  finding: z.string().min(1).optional().describe(OPTIONS.finding.help),
  interface: idOf(ASKED_IDS.interface).optional().describe(OPTIONS.interface.help),
  instance: idOf(ASKED_IDS.instance).optional().describe(OPTIONS.instance.help),
  state: z.enum(SESSION_STATES).optional().describe(OPTIONS.sessionState.help),
  format: z.enum(FORMATS).optional().describe(OPTIONS.mirrorFormat.help),
});

const plus = (time: string | undefined): string | null => (time === undefined ? null : plusRestored(time));

export const mirroringSessionsRoute: RegisterRoutes = (app, services) => {
  const { clock, mirroring } = services.query;
  app.route({
    method: 'GET',
    url: '/v1/mirroring/sessions',
    schema: {
      summary: 'Which packets there are, of what and when, and why there are none',
      tags: ['store'],
      querystring: QUERY,
    },
    config: conditionalAnswers(
      'The sessions that overlap the window, and decisions that led to none',
      TEXT_TYPES,
      { json: named('MirroringSessions'), ndjson: named('MirroringSession') },
      ['VF_BAD_TIME', 'VF_BAD_WINDOW', 'VF_LIMIT', 'VF_STORE_UNREACHABLE', 'VF_TIMEOUT'],
    ),
    handler: async (request, reply) => {
      const { query, headers } = request;
      const now = clock.now();
      const { finding = null, interface: interfaceId = null, instance = null, state = 'all' } = query;
      const asked = {
        start: plus(query.start),
        stop: plus(query.stop),
        finding,
        interface: interfaceId,
        instance,
        state,
      };
      const question = mirroringQuestion(asked, now);
      const format = chosenFormat(FORMATS, TEXT_TYPES, query.format, headers.accept);
      const { signal, done } = cancellation(reply, services);
      try {
        const history = await mirroring.history(now, signal);
        const answer = mirroringAnswer(history, question);
        const etag = createHash('sha256')
          .update(`${format}\n${mirroringJson(answer, question)}`)
          .digest('base64url');
        reply.headers({ etag: `"${etag}"`, vary: 'accept', 'cache-control': 'private, no-cache' });
        reply.headers(wholenessHeaders({ ...answer, asOf: history.asOf }));
        if (isKnown(headers['if-none-match'], `"${etag}"`)) return reply.code(304).send();
        const text = { json: () => mirroringJson(answer, question), csv: mirroringCsv, ndjson: mirroringNdjson };
        return reply.type(TEXT_TYPES[format]).send(Buffer.from(text[format](answer)));
      } finally {
        done();
      }
    },
  });
};
