// Turns --forward into a client of Amazon Data Firehose and a look at the stream that it names.
import { DescribeDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { VpcflowError } from '../../../schemas/errors.ts';
import { adviceOf, troubleOf } from '../aws-trouble.ts';
import type { Log } from '../log.ts';

const REQUEST_TIMEOUT = 30_000; // ms
/** A stream that does not answer is looked at no longer than this: nothing is digested meanwhile. */
const LOOK_TIMEOUT = 10_000; // ms

export interface ForwardStream {
  readonly name: string;
  /** Null: where the Kinesis stream is. */
  readonly region: string | null;
}

/** A name, or `arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME`. Throws VF_USAGE for anything else. */
export const parseForwardStream = (given: string): ForwardStream => {
  const [, region, name] =
    /^(?:arn:[^:]+:firehose:([^:]+):\d{12}:deliverystream\/)?([a-zA-Z0-9_.-]{1,64})$/.exec(given) ?? [];
  if (name !== undefined) return { name, region: region ?? null };
  throw new VpcflowError('VF_USAGE', `--forward ${JSON.stringify(given)} is no Firehose stream`, {
    help: 'give its name, or arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME',
  });
};

/**
 * Honours AWS_ENDPOINT_URL(_FIREHOSE), profiles and credentials; speaks HTTP/1.1. It tries once: how a batch is tried
 * again is decided by record.
 */
export const firehoseClient = (region: string): FirehoseClient =>
  new FirehoseClient({
    region,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: REQUEST_TIMEOUT,
      throwOnRequestTimeout: true,
    }),
  });

/** What a call failed with, as one sentence without secrets. */
export const troubleText = (error: unknown): string => {
  const trouble = troubleOf(error);
  return adviceOf(trouble)?.what ?? trouble.detail;
};

/**
 * Looks at the stream before the first record. A name that does not exist, and a stream that takes no records from
 * callers, are mistakes that waiting does not mend: VF_SERVICE. Anything else (no answer, no permission to look) is
 * logged, and what is forwarded waits in the spool: the digests do not depend on it.
 */
export const lookAtStream = async (client: FirehoseClient, name: string, log: Log): Promise<void> => {
  try {
    const { DeliveryStreamDescription: found } = await client.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }),
      { requestTimeout: LOOK_TIMEOUT },
    );
    const type = found?.DeliveryStreamType;
    if (type !== undefined && type !== 'DirectPut')
      throw new VpcflowError('VF_SERVICE', `the Firehose stream ${name} takes no records from callers: it is ${type}`, {
        help: 'forward to a stream whose source is Direct PUT',
      });
  } catch (error) {
    if (error instanceof VpcflowError) throw error;
    if (troubleOf(error).kind === 'absent')
      throw new VpcflowError('VF_SERVICE', `there is no Firehose stream ${name} in ${await client.config.region()}`, {
        cause: error,
        help: 'check --forward, its region (give the ARN for another one) and the account; or create it',
      });
    log.warn(
      { stream: name, why: troubleText(error) },
      'the Firehose stream cannot be looked at; what is forwarded waits in the spool until it is taken',
    );
  }
};
