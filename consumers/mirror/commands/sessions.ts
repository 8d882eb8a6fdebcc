// `vpcflow mirror sessions`: which packets there are, of what and when, and why there are none.
import { ec2Remarks, type ObservedSessions } from '../../../pipeline/mirror-audit/ec2-remarks.ts';
import { mirroringAnswer } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import {
  mirroringCsv,
  mirroringJson,
  mirroringNdjson,
  mirroringTable,
} from '../../../pipeline/mirror-audit/mirroring-text.ts';
import type { CommandContext, Run } from '../../shared/command.ts';
import { MirroringMemory } from '../../shared/mirroring/mirroring-memory.ts';
import { mirroringQuestion } from '../../shared/mirroring/mirroring-question.ts';
import { openStoreToRead } from '../../shared/query/read-store.ts';
import { openAccount } from '../account/open-account.ts';

export const run: Run = async (context) => {
  const { options, stdout, stderr, clock, signal } = context;
  const { start, stop, finding, interface: interfaceId, instance, sessionState: state, mirrorFormat } = options;
  const now = clock.now();
  const asked = { start, stop, finding, interface: interfaceId, instance, state };
  const question = mirroringQuestion(asked, now);
  const store = await openStoreToRead(options.store);
  const history = await new MirroringMemory(store).history(now, signal);
  const answer = mirroringAnswer(history, question);
  const text = {
    table: mirroringTable,
    csv: mirroringCsv,
    ndjson: mirroringNdjson,
    json: (given: typeof answer) => mirroringJson(given, question),
  };
  stdout.write(text[mirrorFormat](answer));
  const observed = options.mirrorConfig === null ? [] : await observedSessions(context);
  const remarks = ec2Remarks(answer, history, question, observed);
  for (const remark of [...answer.warnings, ...remarks]) stderr.write(`vpcflow: ${remark}\n`);
  return 0;
};

/** What the account has at this moment, in the regions and the mode of --config. Rejects as `openAccount` does. */
async function observedSessions(context: CommandContext): Promise<readonly ObservedSessions[]> {
  const { rules, account, regions, close } = await openAccount(context, { writes: false });
  try {
    const read = [...regions].map(async ([region, ec2]) => ({
      ...{ mode: rules.mode, account, region },
      sessions: await ec2.sessions(),
    }));
    return await Promise.all(read);
  } finally {
    await close();
  }
}
