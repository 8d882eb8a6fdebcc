// A process of a backfill: turns the jobs that its lane sends, several at once, into answers.
import { settingsOfObject } from '../../../pipeline/formats/format-choice.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { systemClock } from '../../shared/clock.ts';
import { openStore } from '../../shared/store/open.ts';
import { StoreEvidence } from '../evidence/store-evidence.ts';
import { loadObject } from '../object/load-object.ts';
import { identify } from '../object/object-file.ts';
import type { Answer, Job, LaneSetup, Message, NumberedJob } from './lane.ts';

/** Progress is told in steps of this many bytes. */
const STEP = 4 * 1024 * 1024;

if (process.send === undefined) throw new Error('started as a program, not by a lane');

/** Resolves when it is with the lane. */
const post = (message: Message): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));

// The lane ends this process; a Ctrl-C of the terminal's is for whoever started the lane.
process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(1)); // it is gone
const fail = async (error: unknown): Promise<never> => {
  await post({ kind: 'defect', error: error instanceof Error ? error : new Error(String(error)) });
  process.exit(1);
};
process.on('uncaughtException', fail).on('unhandledRejection', fail);

let untold = 0;
const onBytes = (count: number): void => {
  untold += count;
  if (untold >= STEP) tell();
};
const tell = (): void => {
  if (untold > 0) void post({ kind: 'bytes', bytes: untold });
  untold = 0;
};

/** The first message is the setup; jobs come after it. */
const begin = async (setup: LaneSetup): Promise<(job: Job) => Promise<Answer>> => {
  const store = await openStore(setup.store);
  const evidence = new StoreEvidence(store, systemClock);
  return async (job) => {
    if (job.kind === 'identify') return { kind: 'identified', ...(await identify(job.path, onBytes)) };
    const settings = settingsOfObject(setup.settings, job.name);
    const loading = { ...setup, settings, store, evidence, clock: systemClock, onBytes };
    return { ...(await loadObject(job, job, loading)), kind: 'loaded' };
  };
};

const answerTo = async (perform: (job: Job) => Promise<Answer>, job: Job): Promise<Answer> => {
  try {
    return await perform(job);
  } catch (error) {
    if (!(error instanceof VpcflowError)) throw error;
    const { code, message, help } = error;
    return { kind: 'failed', code, message, help };
  }
};

let begun: ReturnType<typeof begin> | null = null;
process.on('message', async (message: LaneSetup | NumberedJob) => {
  if (!('job' in message)) {
    begun = begin(message);
    return;
  }
  if (begun === null) throw new Error('a job before the setup');
  const answer = await answerTo(await begun, message.job);
  tell();
  await post({ kind: 'answer', id: message.id, answer });
});
