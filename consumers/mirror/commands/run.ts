// `vpcflow mirror run`: turns the events of a Kinesis stream into mirror sessions, until it is told to stop.
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Run } from '../../shared/command.ts';

export const run: Run = async () => {
  throw new VpcflowError('VF_USAGE', 'mirror run is being built');
};
