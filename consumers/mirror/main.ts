// `vpcflow mirror`: the consumer of findings and launches, and its controls by hand.
import { VpcflowError } from '../../schemas/errors.ts';
import type { Run } from '../shared/command.ts';

/** Each with clients that the others do without. */
const ACTIONS: Readonly<Record<string, () => Promise<{ readonly run: Run }>>> = {
  run: () => import('./commands/run.ts'),
  backfill: () => import('./commands/backfill.ts'),
  plan: () => import('./commands/plan.ts'),
  sessions: () => import('./commands/sessions.ts'),
  release: () => import('./commands/release.ts'),
};

/** Of the actions that take something after their name. */
const WITH_OPERANDS: readonly string[] = ['plan', 'release'];

export const run: Run = async (context) => {
  const [action = '', ...rest] = context.args;
  const load = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (load === undefined) {
    const known = Object.keys(ACTIONS).join(', ');
    throw new VpcflowError('VF_USAGE', `mirror knows ${known}, not ${JSON.stringify(action)}`);
  }
  if (rest.length > 0 && !WITH_OPERANDS.includes(action))
    throw new VpcflowError('VF_USAGE', `mirror ${action} takes nothing after it, not ${JSON.stringify(rest[0])}`);
  const { run: act } = await load();
  return await act({ ...context, args: rest });
};
