// Turns what a schema finds wrong with the parameters of a URL into one error in the words of the service.
import type { FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { didYouMean } from '../../../pipeline/nearest.ts';
import { VpcflowError } from '../../../schemas/errors.ts';

/** One thing that is wrong, as the framework tells of it: `instancePath` is `/name`, `params` what zod's issue has beside. */
interface Finding {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

interface Problem {
  readonly message: string;
  readonly help?: string;
}

/** All that is wrong with the parameters of a request, in one VF_BAD_PARAMETER. */
export function badParameter(
  findings: readonly Finding[],
  request: Pick<FastifyRequest, 'query' | 'routeOptions'>,
): VpcflowError {
  // Fastify makes it of the query string: texts, and lists of them for what is repeated.
  const given = request.query as Readonly<Record<string, unknown>>;
  const problems = findings.flatMap((finding) => problemsOf(finding, given, namesOf(request)));
  const helps = problems.flatMap(({ help }) => (help === undefined ? [] : [help]));
  const message = problems.map((problem) => problem.message).join('; ');
  return new VpcflowError('VF_BAD_PARAMETER', message, helps.length === 0 ? {} : { help: helps.join(' ') });
}

/** Of a route that says itself what is wrong (`attachValidation`). Throws VF_BAD_PARAMETER. */
export function checkParameters(request: Pick<FastifyRequest, 'query' | 'routeOptions' | 'validationError'>): void {
  const { validationError } = request;
  if (validationError === undefined) return;
  if (hasZodFastifySchemaValidationErrors(validationError)) throw badParameter(validationError.validation, request);
  throw validationError;
}

/** The parameters of the request's route; none where its schema does not name them. */
function namesOf({ routeOptions }: Pick<FastifyRequest, 'routeOptions'>): readonly string[] {
  const schema: unknown = routeOptions.schema?.querystring;
  const isObject = typeof schema === 'object' && schema !== null && 'shape' in schema;
  return isObject ? Object.keys(schema.shape as object) : [];
}

function problemsOf(finding: Finding, given: Readonly<Record<string, unknown>>, names: readonly string[]): Problem[] {
  const { keyword, params, message = 'cannot be read' } = finding;
  const name = finding.instancePath.replace(/^\//, '');
  const value = given[name];
  if (keyword === 'unrecognized_keys') return texts(params.keys).map((key) => unknown(key, names));
  if (value === undefined) return [{ message: `${name} is missing` }];
  if (Array.isArray(value)) return [{ message: `${name} is given ${value.length} times`, help: 'give it once' }];
  if (keyword === 'invalid_value') return [noneOf(name, texts(params.values), String(value))];
  if (keyword === 'too_small' && value === '') return [{ message: `${name} is empty` }];
  if (keyword === 'too_big') return [{ message: `${name} has more than ${params.maximum} characters` }];
  return [{ message: `${name} ${message}, not ${JSON.stringify(value)}` }];
}

const texts = (list: unknown): readonly string[] => (Array.isArray(list) ? list.map(String) : []);

const unknown = (key: string, names: readonly string[]): Problem => ({
  message: `there is no parameter ${key}`,
  help: didYouMean(key, names) || `the parameters are ${names.join(', ')}`,
});

function noneOf(name: string, values: readonly string[], given: string): Problem {
  const meant = didYouMean(given, values);
  const message = `${name} must be one of ${values.join(', ')}, not ${JSON.stringify(given)}`;
  return meant === '' ? { message } : { message, help: meant };
}
