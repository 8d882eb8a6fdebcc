// A thread of a backfill: turns the jobs that its lane posts, several at once, into answers.
import { parentPort, workerData } from 'node:worker_threads';
import { settingsOfObject } from '../../../pipeline/format-choice.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { systemClock } from '../../shared/clock.ts';
import { openStore } from '../../shared/store/open.ts';
import { StoreEvidence } from '../evidence/store-evidence.ts';
import { loadObject } from '../object/load-object.ts';
import { identify } from '../object/object-file.ts';
import type { Answer, Job, LaneSetup, Message, NumberedJob } from './lane.ts';

/** Progress is told in steps of this many bytes. */
const STEP = 4 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('started as a program, not as a thread');
// What lane.ts hands over when it starts this thread.
const setup = workerData as LaneSetup;
const store = await openStore(setup.store);
const evidence = new StoreEvidence(store, systemClock);

const post = (message: Message): void => port.postMessage(message);

let untold = 0;
const onBytes = (count: number): void => {
  untold += count;
  if (untold >= STEP) tell();
};
const tell = (): void => {
  if (untold > 0) post({ kind: 'bytes', bytes: untold });
  untold = 0;
};

const perform = async (job: Job): Promise<Answer> => {
  switch (job.kind) {
    case 'identify':
      return { kind: 'identified', ...(await identify(job.path, onBytes)) };
    case 'load': {
      const settings = settingsOfObject(setup.settings, job.name);
      return {
        ...(await loadObject(job, job, { ...setup, settings, store, evidence, clock: systemClock, onBytes })),
        kind: 'loaded',
      };
    }
  }
};

port.on('message', async ({ id, job }: NumberedJob) => {
  let answer: Answer;
  try {
    answer = await perform(job);
  } catch (error) {
    if (!(error instanceof VpcflowError)) throw error;
    const { code, message, help } = error;
    answer = { kind: 'failed', code, message, help };
  }
  tell();
  post({ kind: 'answer', id, answer });
});
