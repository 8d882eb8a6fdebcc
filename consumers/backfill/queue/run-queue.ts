// Turns the messages of a queue into loaded objects, for as long as it is told to: a message is deleted once every object
// that it tells of is committed, and kept from others until then.
import { ChangeMessageVisibilityCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { type CreatedObject, parseS3Message } from '../../../pipeline/s3-layout/s3-events.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { VpcflowError } from '../../../schemas/errors.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Log } from '../../shared/log.ts';
import { isOfOneObject, type LoadedSource } from '../lanes/loader.ts';
import { isReplaced } from '../s3/trouble.ts';
import type { S3Source, SourceObject } from '../source-object.ts';
import { backOff, type LeftMessage, LeftMessages, sentenceOnQueue } from './left-messages.ts';
import { queueError } from './queue-client.ts';

/** Each asks for ten messages, and for the next ten when it is done with these. */
const RECEIVERS = 4;
const MESSAGES_AT_ONCE = 10; // what SQS gives at most
/** How long a message is kept from others after the last word from us, and how often that is said again. */
const VISIBILITY = { timeout: 120, heartbeat: 40 }; // s
/** How long SQS waits for a message before it answers that there is none; an end waits for it, too. */
const LONG_POLL = { following: 10, untilEmpty: 1 }; // s
const PAUSE_AFTER_TROUBLE = 10_000; // ms
/** Of the work between two lines of the log, and of the same trouble. */
const QUIET = 60_000; // ms
const DAY = 86_400_000; // ms

export interface QueueRun {
  readonly client: SQSClient;
  readonly url: string;
  readonly load: (object: SourceObject) => Promise<LoadedSource>;
  /** Whether an object is flow logs as far as its key tells, and wanted. */
  readonly wanted: (object: S3Source) => boolean;
  readonly onLoaded: (object: LoadedSource) => void;
  readonly untilEmpty: boolean;
  readonly meter: Meter;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly visibility?: { readonly timeout: number; readonly heartbeat: number }; // s
  readonly longPoll?: number; // s
}

/** Messages: deleted, and left for the queue to deliver again or to set aside. */
export interface QueueTotals {
  readonly done: number;
  readonly left: LeftMessages;
}

const sourceOf = ({ bucket, key, size, etag, versionId }: CreatedObject): S3Source => ({
  ...{ kind: 's3', name: `s3://${bucket}/${key}`, size: size ?? 0 },
  ...{ bucket, key, etag, versionId },
});

/** Empty objects and the markers of folders have nothing to read. */
const isEmpty = ({ key, size }: CreatedObject): boolean => key.endsWith('/') || size === 0;

const idOf = ({ MessageId }: Message): string => MessageId ?? '';

class QueueWork {
  readonly #run: QueueRun;
  /** What nothing can go on after. */
  failure: { readonly error: unknown } | null = null;
  done = 0;
  readonly left = new LeftMessages();
  #objects = 0;
  #told: number;

  constructor(run: QueueRun) {
    this.#run = run;
    this.#told = run.clock.now();
  }

  /** The message, to be deleted, or undefined, to be left. Rejects with what ends the run. */
  async handle(message: Message): Promise<Message | undefined> {
    const { signal } = this.#run;
    if (this.failure !== null || signal.aborted) return undefined; // it comes again when its time is over
    const parsed = parseS3Message(message.Body ?? '');
    if (parsed.kind === 'unknown') {
      return this.#leave(message, {
        kinds: ['no event of S3'],
        why: `it tells of no object: ${parsed.why}`,
        objects: 0,
      });
    }
    const objects = parsed.objects.filter((object) => !isEmpty(object)).map(sourceOf);
    const loads = objects.filter(this.#run.wanted).map((object) => this.#load(object));
    const problems = (await Promise.all(loads)).filter((problem) => problem !== null);
    if (problems.length > 0) {
      const kinds = [...new Set(problems.map(({ code }) => code))];
      return this.#leave(message, { kinds, why: problems.map(sentenceOnQueue).join('; '), objects: problems.length });
    }
    this.left.remove(idOf(message));
    this.done++;
    this.#run.meter.count('messages', 1, { status: 'done' });
    this.#tell();
    return message;
  }

  /** Null, or what only this object failed with. */
  async #load(object: S3Source): Promise<VpcflowError | null> {
    try {
      this.#run.onLoaded(await this.#loadCurrent(object));
      this.#objects++;
      return null;
    } catch (error) {
      if (isOfOneObject(error)) return error;
      this.failure ??= { error };
      throw error;
    }
  }

  /** What an event without a version tells of may be overwritten by then: what is there is what counts. */
  async #loadCurrent(object: S3Source): Promise<LoadedSource> {
    try {
      return await this.#run.load(object);
    } catch (error) {
      const other = object.versionId === null && object.etag !== null && isOfOneObject(error);
      if (!other || !isReplaced(error, object.name)) throw error;
      return await this.#run.load({ ...object, etag: null });
    }
  }

  async #leave(message: Message, left: LeftMessage): Promise<undefined> {
    const id = idOf(message);
    this.left.add(id, left);
    this.#run.meter.count('messages', 1, { status: 'left' });
    this.#run.log.warn({ message_id: id }, `a message is left on the queue: ${left.why}`);
    await this.#delay(message);
    return undefined;
  }

  /** Nobody works on it: it comes again after a while, not when the time that was meant for the work is over. */
  async #delay({ ReceiptHandle, Attributes }: Message): Promise<void> {
    const { client, url } = this.#run;
    const VisibilityTimeout = backOff(Number(Attributes?.ApproximateReceiveCount ?? 1));
    try {
      await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout }));
    } catch (error) {
      this.#run.log.debug({}, queueError('set a message free on', url, error).sentence);
    }
  }

  #tell(): void {
    const now = this.#run.clock.now();
    if (now - this.#told < QUIET) return;
    this.#run.log.info(
      { objects: this.#objects, messages: this.done, left: this.left.count },
      'objects of the queue are committed',
    );
    this.#told = now;
  }
}

/**
 * Works until the signal is aborted, and then finishes what it has begun; with `untilEmpty` until the queue has no
 * message that could be received. A message that is no event of S3, or of whose objects one could not be loaded, is left:
 * the queue delivers it again, or sets it aside where it has a redrive policy.
 * @throws what the loader failed with for good; its message comes again.
 */
export const runQueue = async (run: QueueRun): Promise<QueueTotals> => {
  const { client, url, log, clock, signal, visibility = VISIBILITY } = run;
  const work = new QueueWork(run);
  const longPoll = run.untilEmpty ? LONG_POLL.untilEmpty : LONG_POLL.following;
  const idle = new Set<Consumer>();
  let lastTrouble = Number.NEGATIVE_INFINITY;

  const receivers = Array.from({ length: RECEIVERS }, () =>
    Consumer.create({
      ...{ queueUrl: url, sqs: client, batchSize: MESSAGES_AT_ONCE, waitTimeSeconds: run.longPoll ?? longPoll },
      ...{ visibilityTimeout: visibility.timeout, heartbeatInterval: visibility.heartbeat },
      messageSystemAttributeNames: ['ApproximateReceiveCount'],
      authenticationErrorTimeout: PAUSE_AFTER_TROUBLE,
      pollingCompleteWaitTimeMs: DAY, // an end waits for what was begun, as long as it takes
      suppressFifoWarning: true,
      handleMessage: (message) => work.handle(message),
    }),
  );
  const stop = (): void => {
    for (const receiver of receivers) receiver.stop();
  };
  const stopped = receivers.map(
    (receiver) =>
      new Promise<void>((resolve) => {
        receiver.once('stopped', () => resolve());
      }),
  );
  for (const receiver of receivers) {
    receiver.on('error', (error) => {
      if (clock.now() - lastTrouble < QUIET) return;
      lastTrouble = clock.now();
      log.warn({}, `${queueError('work with', url, error.cause ?? error).sentence}; it is tried again`);
    });
    receiver.on('processing_error', stop);
    receiver.on('message_received', () => idle.clear());
    receiver.on('empty', () => {
      idle.add(receiver);
      if (run.untilEmpty && idle.size === receivers.length) stop();
    });
    receiver.start();
  }
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  await Promise.all(stopped);
  signal.removeEventListener('abort', stop);
  if (work.failure !== null) throw work.failure.error;
  return { done: work.done, left: work.left };
};
