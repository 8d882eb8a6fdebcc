// Turns EC2's refusal of a call that is not permitted into a sentence with the action that is to be allowed.
import type { MirrorRefusal } from '../../schemas/mirroring/account.ts';
import type { MirrorAction } from '../../schemas/mirroring/plan.ts';

const ACTIONS: Readonly<Record<MirrorAction['kind'], string>> = {
  'create-session': 'ec2:CreateTrafficMirrorSession',
  'delete-session': 'ec2:DeleteTrafficMirrorSession',
  'create-target': 'ec2:CreateTrafficMirrorTarget',
  'delete-target': 'ec2:DeleteTrafficMirrorTarget',
  'run-instance': 'ec2:RunInstances',
  'terminate-instance': 'ec2:TerminateInstances',
  'set-tags': 'ec2:CreateTags',
  'remove-tags': 'ec2:DeleteTags',
};

/** Of credentials that are good, and may not do this; others are not mended by a permission. */
const NOT_PERMITTED = /^(UnauthorizedOperation|AccessDenied(Exception)?)$/;

/**
 * EC2's sentence; of a call that is not permitted, after the action: the one that EC2 names (a session with tags needs
 * ec2:CreateTags too), else that of the call.
 */
export function refusalText(
  kind: MirrorAction['kind'],
  { code, message }: Pick<MirrorRefusal, 'code' | 'message'>,
): string {
  if (!NOT_PERMITTED.test(code)) return message;
  const named = /perform: (\w+:\w+)/.exec(message)?.[1] ?? ACTIONS[kind];
  return `${named} is not permitted, allow it (${message})`;
}
