// Turns what a call to EC2 failed with into EC2's refusal, or into the error of a read that says what to do.

import { VpcflowError } from '../../../schemas/errors.ts';
import type { MirrorRefusal } from '../../../schemas/mirroring/account.ts';
import { adviceOf, type Trouble, troubleOf } from '../../shared/aws-trouble.ts';

/** EC2's code; of a call that nobody answered, the name of the failure: `TimeoutError`, `ECONNREFUSED`. */
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'Error';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error.name === 'Error' && code !== '' ? code : error.name;
};

/** The sentence without the code (and the status of the answer), which stands beside it. */
const messageOf = (code: string, { detail }: Trouble): string => {
  const told = detail.startsWith(code) ? detail.slice(code.length).replace(/^(?: \d{3})?: /, '') : detail;
  return told === '' ? code : told;
};

export const refusalOf = (error: unknown): MirrorRefusal => {
  const code = codeOf(error);
  return { ok: false, code, message: messageOf(code, troubleOf(error)) };
};

/**
 * Codes for a thing that is not there (any more). The wire has `InvalidTrafficMirrorSessionId.NotFound`; the
 * documentation prints `InvalidTrafficMirrorSessionNotFound`, and `InvalidTrafficMirrorTargetNoFound`.
 */
export const saysGone = ({ code }: MirrorRefusal): boolean =>
  /^InvalidTrafficMirror.*Not?Found$/.test(code) || code === 'InvalidInstanceID.NotFound';

/** Codes for ids of which one at least is not there, or is no id: which, only the message says. */
export const saysUnknownId = (error: unknown): boolean =>
  /^Invalid(InstanceID|NetworkInterfaceID|NetworkInterfaceId)\.(NotFound|Malformed)$/.test(codeOf(error));

/** VF_SERVICE for a read; errors of our own pass as they are. */
export const readError = (action: string, region: string, cause: unknown): VpcflowError => {
  if (cause instanceof VpcflowError) return cause;
  const trouble = troubleOf(cause);
  const advice = adviceOf(trouble, 'set AWS_REGION, or regions in the rule file');
  const allow = trouble.kind === 'denied' ? `allow the action ${action}` : null;
  const help = advice?.remedy ?? allow;
  return new VpcflowError('VF_SERVICE', `${action} in ${region} fails: ${advice?.what ?? trouble.detail}`, {
    cause,
    ...(help === null ? {} : { help }),
  });
};
