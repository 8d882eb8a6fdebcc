// Turns an error into an RFC 9457 problem document with its code of the catalogue.
import type { FastifyReply } from 'fastify';
import { ERRORS, VpcflowError } from '../../../schemas/errors.ts';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly help: string;
  readonly retry: boolean;
}

export function problemOf(error: VpcflowError): Problem {
  const { status, retry } = ERRORS[error.code];
  const title = error.code.slice('VF_'.length).toLowerCase().replaceAll('_', ' ');
  const { code, help, message: detail } = error;
  return { type: `urn:vpcflow:error:${code}`, title, status, detail, code, help, retry };
}

/** What is no VpcflowError is ours to fix: the client learns that it happened, and the log what it was. */
export function asVpcflowError(error: unknown): VpcflowError {
  if (error instanceof VpcflowError) return error;
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (error instanceof Error && status >= 400 && status < 500) {
    return new VpcflowError('VF_BAD_PARAMETER', error.message, { cause: error });
  }
  return new VpcflowError('VF_QUERY', 'something unexpected went wrong', { cause: error });
}

export function sendProblem(reply: FastifyReply, error: VpcflowError): FastifyReply {
  const problem = problemOf(error);
  if (problem.status === 503) reply.header('retry-after', '1');
  // Bytes, because a charset would be added to a string's type, and this type has none.
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(problem)));
}
