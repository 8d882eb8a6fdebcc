// Turns an error into an RFC 9457 problem document with its code of the catalogue.
import type { FastifyReply } from 'fastify';
import { ERRORS, type ErrorCode, VpcflowError } from '../../../schemas/errors.ts';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly help: string;
  readonly retry: boolean;
  /** The request, by the id that its answer and its line in the log have. */
  readonly instance: string;
}

export const PROBLEM_TYPE = 'application/problem+json';

export function problemOf(error: VpcflowError, requestId: string): Problem {
  const { status, retry } = ERRORS[error.code];
  const title = error.code.slice('VF_'.length).toLowerCase().replaceAll('_', ' ');
  const { code, help, message: detail } = error;
  const instance = `urn:vpcflow:request:${requestId}`;
  return { type: `urn:vpcflow:error:${code}`, title, status, detail, code, help, retry, instance };
}

/** What the framework finds wrong with a request, where that is not a bad parameter. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'VF_BODY_TOO_LARGE',
  FST_ERR_MAX_PARAM_LENGTH: 'VF_NOT_FOUND',
};

/** What is no VpcflowError is ours to fix: the client learns that it happened, and the log what it was. */
export function asVpcflowError(error: unknown): VpcflowError {
  if (error instanceof VpcflowError) return error;
  if (!(error instanceof Error))
    return new VpcflowError('VF_QUERY', 'something unexpected went wrong', { cause: error });
  const code = 'code' in error ? FRAMEWORK_CODES[String(error.code)] : undefined;
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  if (code !== undefined) return new VpcflowError(code, error.message, { cause: error });
  if (status >= 400 && status < 500) return new VpcflowError('VF_BAD_PARAMETER', error.message, { cause: error });
  return new VpcflowError('VF_QUERY', 'something unexpected went wrong', { cause: error });
}

/** The headers of a problem document beside its type. */
export function problemHeaders(code: ErrorCode): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    ...(ERRORS[code].status === 503 ? { 'retry-after': '1' } : {}),
  };
}

export function sendProblem(reply: FastifyReply, error: VpcflowError): FastifyReply {
  const problem = problemOf(error, reply.request.id);
  // What was said of an answer before it failed does not hold of the problem.
  for (const name of ['etag', 'vary', 'content-encoding']) {
    reply.removeHeader(name);
    if (!reply.raw.headersSent) reply.raw.removeHeader(name); // where Fastify had begun with the answer
  }
  // Bytes, because a charset would be added to a string's type, and this type has none.
  return reply
    .headers(problemHeaders(error.code))
    .code(problem.status)
    .type(PROBLEM_TYPE)
    .send(Buffer.from(JSON.stringify(problem)));
}
