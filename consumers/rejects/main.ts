// `vpcflow rejects list|replay`: what was rejected, and reading it again under another format.
import { VpcflowError } from '../../schemas/errors.ts';
import type { Run } from '../shared/command.ts';
import { listRejects } from './list.ts';
import { questionOf } from './question.ts';
import { type EvidenceIn, replayStore } from './replay.ts';

/** @param evidenceIn what other feeds have in a store, so that a replay counts nothing twice. */
export const rejects =
  (evidenceIn: EvidenceIn): Run =>
  async (context) => {
    const [action] = context.args;
    const { options } = context;
    switch (action) {
      case 'list':
        if (options.dryRun) throw new VpcflowError('VF_USAGE', '--dry-run is an option of rejects replay');
        return listRejects(context, questionOf(context));
      case 'replay':
        if (options.json) throw new VpcflowError('VF_USAGE', '--json is an option of rejects list');
        return replayStore(context, questionOf(context), evidenceIn);
      default:
        throw new VpcflowError('VF_USAGE', `rejects knows list and replay, not ${JSON.stringify(action ?? '')}`);
    }
  };
