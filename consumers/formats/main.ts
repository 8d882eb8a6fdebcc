// Runs `vpcflow formats`: writes the formats file from the flow logs that AWS has, or checks one.
import { VpcflowError } from '../../schemas/errors.ts';
import type { Run } from '../shared/command.ts';
import { runCheck } from './check.ts';
import { runDiscover } from './discover.ts';

export const run: Run = (context) => {
  const [what] = context.args;
  if (what === 'discover') return runDiscover(context);
  if (what === 'check') return runCheck(context);
  throw new VpcflowError('VF_USAGE', `formats has no ${JSON.stringify(what)}`, { help: 'say discover or check' });
};
