// Turns the routes into the OpenAPI 3.1 document: parameters from their zod schemas, answers from their `config`.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import packageJson from '../../../package.json' with { type: 'json' };
import { ERRORS, type ErrorCode } from '../../../schemas/errors.ts';
import { type Answers, ASKED, plainAnswers } from './answers.ts';
import { BODIES } from './bodies.ts';
import { type JsonSchema, named } from './json-schema.ts';
import { type Parameter, withExample } from './parameter-examples.ts';

/** In the order of /docs. */
const TAGS = [
  { name: 'windows', description: 'Questions about the flows of a window' },
  { name: 'store', description: 'What lies in the store, and whether it adds up' },
  { name: 'filter', description: 'The language of `filter`' },
  { name: 'predecessor', description: 'The API of vpcflow-digesterd and vpcflow-grapherd' },
  { name: 'operation', description: 'For whoever runs the server' },
] as const;

const PROBLEM_TYPE = 'application/problem+json';
const ANSWERS = 'x-answers';

interface Operation {
  parameters?: Parameter[];
  responses: Record<string, unknown>;
  [ANSWERS]?: Answers;
}

/** The options of @fastify/swagger. */
export const openApiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: { title: 'vpcflow', description: packageJson.description, version: packageJson.version },
    tags: [...TAGS],
  },
  transform: (given) => {
    const { schema, url } = jsonSchemaTransform(given);
    const answers = given.route.config?.answers ?? plainAnswers('Done', {}, ASKED).answers;
    return { url, schema: { ...schema, [ANSWERS]: answers } };
  },
  transformObject: (given) => {
    if (!('openapiObject' in given)) throw new Error('the document is OpenAPI 3');
    const { openapiObject } = given;
    const paths: Record<string, Record<string, Operation>> = Object.fromEntries(
      Object.entries(openapiObject.paths ?? {}).map(([path, item]) => [path, operationsOf(path, item ?? {})]),
    );
    const components = {
      schemas: BODIES,
      headers: HEADERS,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'a token of --token-file' } },
    };
    // Without --token-file there is no authentication, which the empty requirement says.
    return { ...openapiObject, security: [{}, { bearer: [] }], paths, components } as typeof openapiObject;
  },
};

function operationsOf(path: string, item: object): Record<string, Operation> {
  const given: [string, Operation][] = Object.entries(item);
  return Object.fromEntries(
    given.map(([method, { [ANSWERS]: answers, parameters, ...operation }]) => [
      method,
      {
        operationId: `${method}${path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
        ...operation,
        ...(parameters === undefined ? {} : { parameters: parameters.map(withExample) }),
        responses: answers === undefined ? operation.responses : responsesOf(answers),
      },
    ]),
  );
}

const header = (description: string, schema: JsonSchema = { type: 'string' }) => ({ description, schema });

const HEADERS = {
  'x-vpcflow-complete': header('whether nothing can be missing; unknown where no stream ever fed the store', {
    type: 'string',
    enum: ['true', 'false', 'unknown'],
  }),
  'x-vpcflow-watermark': header('up to when everything that arrived is in the store, RFC 3339, or none'),
  'x-vpcflow-as-of': header('when the store was read', { type: 'string', format: 'date-time' }),
  'x-vpcflow-lateness': header('seconds after its end in which a window can still change', { type: 'number' }),
  'x-vpcflow-behind': header('shards that the window still waits for', { type: 'integer' }),
  'x-vpcflow-skipdata': header('interface-minutes of which AWS left flows out', { type: 'integer' }),
  'x-vpcflow-interval': header('the longest aggregation interval met, seconds, or unknown'),
  'x-vpcflow-warnings': header('objects that could not be read and are left out; absent where there is none'),
  etag: header('the same for the same answer'),
  'cache-control': header('whether the answer may change'),
  'retry-after': header('seconds to wait', { type: 'integer' }),
} as const;

const headerRefs = (names: readonly (keyof typeof HEADERS)[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const COMPLETENESS_HEADERS = [
  ...(['x-vpcflow-complete', 'x-vpcflow-watermark', 'x-vpcflow-as-of', 'x-vpcflow-lateness'] as const),
  ...(['x-vpcflow-behind', 'x-vpcflow-skipdata', 'x-vpcflow-interval', 'x-vpcflow-warnings'] as const),
] as const;

function responsesOf(answers: Answers): Record<string, unknown> {
  const { success, bodies, completeness, conditional, others, errors } = answers;
  const content = Object.fromEntries(
    Object.entries(bodies).map(([type, schema]) => [type, { schema: schema ?? schemaOf(type) }]),
  );
  const headers = headerRefs([
    ...(completeness ? COMPLETENESS_HEADERS : []),
    ...(conditional ? (['etag', 'cache-control'] as const) : []),
  ]);
  const responses: Record<string, unknown> = Object.fromEntries(
    Object.entries(others).map(([status, description]) => [status, { description }]),
  );
  if (Object.keys(bodies).length > 0) responses['200'] = { description: success, headers, content };
  if (conditional) responses['304'] = { description: 'If-None-Match names this answer', headers };
  for (const [status, codes] of byStatus(errors)) {
    if (responses[status] === undefined) responses[status] = problemOf(status, codes);
  }
  return responses;
}

/** Text is a string; what is binary has no schema. */
const schemaOf = (type: string): JsonSchema =>
  /^(text|image\/svg)/.test(type) || type.endsWith('ndjson') ? { type: 'string' } : {};

function byStatus(errors: readonly ErrorCode[]): Map<string, ErrorCode[]> {
  const found = new Map<string, ErrorCode[]>();
  for (const code of new Set(errors)) {
    const status = String(ERRORS[code].status);
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return found;
}

const problemOf = (status: string, codes: readonly ErrorCode[]) => ({
  description: codes.map((code) => `${code}: ${ERRORS[code].help}`).join('\n\n'),
  ...(status === '429' || status === '503' ? { headers: headerRefs(['retry-after']) } : {}),
  content: { [PROBLEM_TYPE]: { schema: { allOf: [named('Problem'), { properties: { code: { enum: codes } } }] } } },
});
