// `vpcflow mirror sessions`: which packets there are, of what and when, and why there are none.
import { mirroringAnswer } from '../../../pipeline/mirror-audit/mirroring-answer.ts';
import {
  mirroringCsv,
  mirroringJson,
  mirroringNdjson,
  mirroringTable,
} from '../../../pipeline/mirror-audit/mirroring-text.ts';
import type { Run } from '../../shared/command.ts';
import { MirroringMemory } from '../../shared/mirroring/mirroring-memory.ts';
import { mirroringQuestion } from '../../shared/mirroring/mirroring-question.ts';
import { openStoreToRead } from '../../shared/query/read-store.ts';

export const run: Run = async ({ options, stdout, stderr, clock, signal }) => {
  const { start, stop, finding, interface: interfaceId, instance, sessionState: state, mirrorFormat } = options;
  const now = clock.now();
  const asked = { start, stop, finding, interface: interfaceId, instance, state };
  const question = mirroringQuestion(asked, now);
  const store = await openStoreToRead(options.store);
  const answer = mirroringAnswer(await new MirroringMemory(store).history(now, signal), question);
  const text = {
    table: mirroringTable,
    csv: mirroringCsv,
    ndjson: mirroringNdjson,
    json: (given: typeof answer) => mirroringJson(given, question),
  };
  stdout.write(text[mirrorFormat](answer));
  for (const warning of answer.warnings) stderr.write(`vpcflow: ${warning}\n`);
  return 0;
};
