// Turns a batch of records into PutRecordBatch calls until Firehose has taken each of them.
import { type FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { isThrottle, pauseAfter, refused } from '../../../pipeline/forward/retry.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import { troubleText } from './firehose.ts';

export interface PutParts {
  readonly client: FirehoseClient;
  readonly stream: string;
  readonly meter: Meter;
  readonly clock: Clock;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
  /** Told of each call: why it, or some of its records, failed; null when all was taken. */
  readonly onAnswer: (why: string | null) => void;
}

type Batch = readonly Uint8Array[];

interface Answer {
  readonly left: Batch;
  readonly why: string | null;
  readonly throttled: boolean;
}

/** True when all was taken, false when the signal came before. A record may be taken twice, where an answer is lost. */
export const putBatch = async (batch: Batch, parts: PutParts): Promise<boolean> => {
  const { meter, clock, signal, onAnswer } = parts;
  let left = batch;
  for (let failures = 0; !signal.aborted; ) {
    const answer = await putOnce(left, parts);
    if (signal.aborted && answer.left.length === left.length) return false;
    meter.count('forwarded', left.length - answer.left.length, {});
    onAnswer(answer.why);
    if (answer.left.length === 0) return true;
    failures = answer.left.length < left.length ? 1 : failures + 1;
    left = answer.left;
    await clock.sleep(pauseAfter(failures, answer.throttled, Math.random()), signal);
    if (!signal.aborted) meter.count('forwardRetries', left.length, {});
  }
  return false;
};

const putOnce = async (batch: Batch, { client, stream, signal }: PutParts): Promise<Answer> => {
  const Records = batch.map((Data) => ({ Data }));
  try {
    const answer = await client.send(new PutRecordBatchCommand({ DeliveryStreamName: stream, Records }), {
      abortSignal: signal,
    });
    const answers = answer.RequestResponses ?? [];
    const left = refused(batch, answers);
    const error = answers.find(({ ErrorCode }) => ErrorCode !== undefined);
    const why =
      left.length === 0 ? null : `${error?.ErrorCode ?? 'no id'}: ${error?.ErrorMessage ?? 'no reason given'}`;
    return { left, why, throttled: isThrottle(error?.ErrorCode ?? '') };
  } catch (error) {
    return { left: batch, why: troubleText(error), throttled: error instanceof Error && isThrottle(error.name) };
  }
};
