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
    switch (action) {
      case 'list':
        return listRejects(context, questionOf(context));
      case 'replay':
        return replayStore(context, questionOf(context), evidenceIn);
      default:
        throw new VpcflowError('VF_USAGE', `rejects knows list and replay, not ${JSON.stringify(action ?? '')}`);
    }
  };
