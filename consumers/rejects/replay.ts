// `vpcflow rejects replay`: takes over what decodes under the settings given, source by source, and says what does not.
import { NOTHING, replaySummary, together } from '../../pipeline/rejects/replay-report.ts';
import type { Clock } from '../../schemas/clock.ts';
import { type ErrorCode, VpcflowError } from '../../schemas/errors.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import type { CommandContext } from '../shared/command.ts';
import { readSettings } from '../shared/decoding-settings.ts';
import type { Options } from '../shared/options.ts';
import { openStoreToRead } from '../shared/query/read-store.ts';
import { showProgress } from './progress.ts';
import type { Question } from './question.ts';
import { type Evidence, replayRejects } from './replay-source.ts';
import { rejectSources } from './sources.ts';

/** What is given goes before what the source was decoded under; formats are given together. Throws VF_BAD_FORMAT. */
export const settingsGiven = async (
  options: Pick<Options, 'replayFormat' | 'formats' | 'unknownFields' | 'replayPorts' | 'servicePorts'>,
): Promise<(before: Settings) => Settings> => {
  const { replayFormat, formats, unknownFields, replayPorts, servicePorts } = options;
  const given = await readSettings({ ports: 'service', servicePorts, formats, logFormat: replayFormat, unknownFields });
  const declared = replayFormat === null && formats === null ? {} : { formats: given.formats, format: given.format };
  return (before) => ({
    ...before,
    ...declared,
    ports: replayPorts ?? before.ports,
    servicePorts: servicePorts.length > 0 ? servicePorts : before.servicePorts,
  });
};

/** Problems of one source: the others are none of its business. */
const OF_ONE_SOURCE: readonly ErrorCode[] = ['VF_DECODER_VERSION', 'VF_OVERLAP'];

export type EvidenceIn = (store: ObjectStore, clock: Clock) => Evidence;

export const replayStore = async (
  context: CommandContext,
  { selection, window }: Question,
  evidenceIn: EvidenceIn,
): Promise<number> => {
  const { options, stderr, signal, clock } = context;
  const settingsFor = await settingsGiven(options);
  const formatsGiven = options.replayFormat !== null || options.formats !== null;
  const { dryRun, overlap } = options;
  const store = await openStoreToRead(options.store);
  const replaying = {
    ...{ store, settingsFor, headersFirst: !formatsGiven, selection, dryRun, overlap },
    evidence: evidenceIn(store, clock),
  };
  const progress = showProgress(stderr);
  const problems: VpcflowError[] = [];
  let outcome = NOTHING;
  try {
    for await (const source of rejectSources(store, window, selection)) {
      if (signal.aborted) break;
      try {
        outcome = together(outcome, await replayRejects(source, replaying));
      } catch (error) {
        if (!(error instanceof VpcflowError) || !OF_ONE_SOURCE.includes(error.code)) throw error;
        problems.push(error);
      }
      progress.add(source.commit.counts.rejects.total);
    }
  } finally {
    progress.stop();
  }
  for (const problem of problems) stderr.write(`vpcflow: ${problem.sentence}\n`);
  const whole = problems.length === 0 && !signal.aborted;
  for (const line of replaySummary(outcome, { dryRun, whole, formatsGiven })) stderr.write(`${line}\n`);
  if (signal.aborted) stderr.write('vpcflow: interrupted; run it again to go on where it stopped\n');
  return problems.length > 0 || signal.aborted ? 1 : 0;
};
