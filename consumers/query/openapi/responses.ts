// Turns what a route answers into its responses by status, with their headers and schemas.
import { ERRORS, type ErrorCode } from '../../../schemas/errors.ts';
import { PROBLEM_TYPE } from '../server/problem.ts';
import type { Answers } from './answers.ts';
import { type JsonSchema, named } from './json-schema.ts';

/** Who may ask, and whether it counts towards the limit of a client. */
export interface Asking {
  readonly role: 'none' | 'read' | 'operate';
  readonly limited: boolean;
}

const header = (description: string, schema: JsonSchema = { type: 'string' }) => ({ description, schema });

/** The components of the document. */
export const HEADERS = {
  'x-vpcflow-complete': header(
    'whether nothing can be missing; unknown where no stream ever fed the store; of mirroring: whether every object of its audit could be read',
    {
      type: 'string',
      enum: ['true', 'false', 'unknown'],
    },
  ),
  'x-vpcflow-watermark': header(
    'up to when everything that arrived is in the store, RFC 3339, or none; of mirroring: the time of the last row of its audit',
  ),
  'x-vpcflow-as-of': header('when the store was read', { type: 'string', format: 'date-time' }),
  'x-vpcflow-lateness': header('seconds after its end in which a window can still change', { type: 'number' }),
  'x-vpcflow-behind': header('shards that are not up to the end of the window plus lateness', { type: 'integer' }),
  'x-vpcflow-skipdata': header('interface-minutes of which AWS left flows out', { type: 'integer' }),
  'x-vpcflow-interval': header('the longest aggregation interval met, seconds, or unknown'),
  'x-vpcflow-warnings': header(
    'objects that could not be read, %-escaped, separated by `; `; only where there are any',
  ),
  'x-vpcflow-compared': header('what was compared, of the window and of the other one: two intervals of ISO 8601'),
  'x-request-id': header('the id of this request in the log'),
  etag: header('the same for the same answer'),
  vary: header('what else than the URL the answer depends on'),
  'cache-control': header('how the answer may be kept'),
  'retry-after': header('seconds to wait', { type: 'integer' }),
  'www-authenticate': header('Bearer'),
  allow: header('the methods that the path takes'),
} as const;

type HeaderName = keyof typeof HEADERS;

const WHOLENESS_HEADERS: readonly HeaderName[] = [
  ...(['x-vpcflow-complete', 'x-vpcflow-watermark', 'x-vpcflow-as-of', 'x-vpcflow-warnings'] as const),
];

const COMPLETENESS_HEADERS: readonly HeaderName[] = [
  ...WHOLENESS_HEADERS,
  ...(['x-vpcflow-lateness', 'x-vpcflow-behind', 'x-vpcflow-skipdata', 'x-vpcflow-interval'] as const),
];

const headerRefs = (names: readonly HeaderName[]) =>
  Object.fromEntries([...names, 'x-request-id'].map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** A problem document with one of the codes. */
export const problemResponse = (status: number, codes: readonly ErrorCode[]) => ({
  description: codes.map((code) => `${code}: ${ERRORS[code].help}`).join('\n\n'),
  headers: headerRefs(EXTRA_HEADERS[status] ?? []),
  content: { [PROBLEM_TYPE]: { schema: { allOf: [named('Problem'), { properties: { code: { enum: codes } } }] } } },
});

const EXTRA_HEADERS: Readonly<Record<number, readonly HeaderName[]>> = {
  401: ['www-authenticate'],
  405: ['allow'],
  429: ['retry-after'],
  503: ['retry-after'],
};

/** By status, in the order of an object's number keys: ascending. */
export function responsesOf(answers: Answers, asking: Asking): Record<string, unknown> {
  const { success, bodies, completeness, whole = false, compared, conditional, others, errors } = answers;
  const responses: Record<string, unknown> = {};
  const about = headerRefs([
    ...(completeness ? COMPLETENESS_HEADERS : []),
    ...(whole ? WHOLENESS_HEADERS : []),
    ...(compared ? (['x-vpcflow-compared'] as const) : []),
    ...(conditional ? (['etag', 'cache-control', 'vary'] as const) : []),
  ]);
  if (Object.keys(bodies).length > 0) {
    const content = Object.entries(bodies).map(([type, schema]) => [type, { schema: schema ?? schemaOf(type) }]);
    responses[200] = { description: success, headers: about, content: Object.fromEntries(content) };
  }
  if (conditional) responses[304] = { description: 'If-None-Match names this answer', headers: about };
  for (const [status, description] of Object.entries(others)) {
    responses[status] = { description, headers: headerRefs([]) };
  }
  for (const [status, codes] of byStatus(codesOf(errors, asking))) {
    // A route without problem documents says itself what its errors look like.
    const { content, ...rest } = problemResponse(status, codes);
    responses[status] ??= errors.length === 0 ? rest : { ...rest, content };
  }
  return responses;
}

/** Who may ask decides about three of the codes. */
function codesOf(errors: readonly ErrorCode[], { role, limited }: Asking): ReadonlySet<ErrorCode> {
  const codes = new Set<ErrorCode>([...errors, 'VF_FORBIDDEN_HOST', 'VF_TOO_LARGE']);
  const when = (code: ErrorCode, holds: boolean) => (holds ? codes.add(code) : codes.delete(code));
  when('VF_UNAUTHORIZED', role !== 'none');
  when('VF_FORBIDDEN', role === 'operate');
  when('VF_RATE', role !== 'none' && limited);
  return codes;
}

/** Text is a string; what is binary has no schema. */
const schemaOf = (type: string): JsonSchema =>
  /^(text|image\/svg)/.test(type) || type.endsWith('ndjson') ? { type: 'string' } : {};

const byStatus = (codes: Iterable<ErrorCode>): Map<number, ErrorCode[]> =>
  Map.groupBy(codes, (code): number => ERRORS[code].status);
