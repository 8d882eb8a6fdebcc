// Turns the routes into the OpenAPI 3.1 document: parameters from their zod schemas, answers from their `config`.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import packageJson from '../../../package.json' with { type: 'json' };
import { type Answers, plainAnswers } from './answers.ts';
import { BODIES } from './bodies.ts';
import { type Parameter, withExample } from './parameter-examples.ts';
import { type Asking, HEADERS, problemResponse, responsesOf } from './responses.ts';

/** In the order of /docs. */
const TAGS = [
  { name: 'windows', description: 'Questions about the flows of a window' },
  { name: 'store', description: 'What lies in the store, and whether it adds up' },
  { name: 'filter', description: 'The language of filters' },
  { name: 'predecessor', description: 'The API of vpcflow-digesterd and vpcflow-grapherd, as it was' },
  { name: 'operation', description: 'For whoever runs the server' },
];

const DESCRIPTION = `${packageJson.description}.

Times are RFC 3339, or relative: now, now-15m, now-1d. The format of an answer is chosen by \`format\`, else by Accept;
it is compressed where Accept-Encoding says so. Errors are problem documents (RFC 9457) with a code of the catalogue. A
path that is not here is answered 404 (VF_NOT_FOUND), another method 405 (VF_METHOD) with the methods in Allow.`;

const ANSWERS = 'x-answers';
const ASKING = 'x-asking';

interface Operation {
  parameters?: Parameter[];
  responses: Record<string, unknown>;
  [ANSWERS]?: Answers;
  [ASKING]?: Asking;
}

/** The options of @fastify/swagger. */
export const openApiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: { title: 'vpcflow', description: DESCRIPTION, version: packageJson.version },
    tags: TAGS,
  },
  transform: (given) => {
    const { schema, url } = jsonSchemaTransform(given);
    const { answers, role = 'read', limited = true } = given.route.config ?? {};
    const said = { [ANSWERS]: answers ?? plainAnswers('Done', {}).answers, [ASKING]: { role, limited } };
    return { url, schema: { ...schema, ...said } };
  },
  transformObject: (given) => {
    if (!('openapiObject' in given)) throw new Error('the document is OpenAPI 3');
    const { openapiObject } = given;
    const paths = Object.entries(openapiObject.paths ?? {}).map(([path, item]) => [
      path,
      operationsOf(path, item ?? {}),
    ]);
    const components = {
      schemas: BODIES,
      headers: HEADERS,
      responses: {
        NoSuchPath: problemResponse(404, ['VF_NOT_FOUND']),
        OtherMethod: problemResponse(405, ['VF_METHOD']),
        SlowRequest: problemResponse(408, ['VF_SLOW_REQUEST']),
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'a token of --token-file' } },
    };
    return { ...openapiObject, paths: Object.fromEntries(paths), components } as typeof openapiObject;
  },
};

function operationsOf(path: string, item: object): Record<string, Operation> {
  const given: [string, Operation][] = Object.entries(item);
  return Object.fromEntries(
    given.map(([method, { [ANSWERS]: answers, [ASKING]: asking, parameters, ...operation }]) => [
      method,
      {
        operationId: `${method}${path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
        ...operation,
        ...(parameters === undefined ? {} : { parameters: parameters.map((one) => withExample(path, one)) }),
        // Where the server does not ask who asks there is no authentication, which the empty requirement says.
        security: asking?.role === 'none' ? [{}] : [{}, { bearer: [] }],
        responses: answers && asking ? responsesOf(answers, asking) : operation.responses,
      },
    ]),
  );
}
