// Turns a stream's name or ARN into a client that speaks to it and the identity that its chain has in the store.
import { DescribeStreamSummaryCommand, KinesisClient, ResourceNotFoundException } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { VpcflowError } from '../../schemas/errors.ts';
import { adviceOf, troubleOf } from './aws-trouble.ts';

/** Set where the local Kinesis is meant; without it the SDK's own variables and profile decide. */
export interface KinesisPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface StreamIdentity {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** `<account>.<region>.<name>`: the stream in keys of the store. */
  readonly id: string;
}

/**
 * A client that honours AWS_REGION, AWS_ENDPOINT_URL(_KINESIS), profiles and credentials, where the place does not say
 * otherwise. It speaks HTTP/1.1, which AWS and every compatible endpoint understand (the SDK's own choice is HTTP/2,
 * which plain-text servers often are not).
 */
export const kinesisClient = (place: Partial<KinesisPlace> = {}): KinesisClient =>
  new KinesisClient({
    maxAttempts: 5,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
    }),
    ...place,
  });

/** One sentence of an SDK error, whatever was thrown, and what to do. */
export const streamError = (what: string, cause: unknown): VpcflowError => {
  if (cause instanceof VpcflowError) return cause;
  const trouble = troubleOf(cause);
  const advice = adviceOf(trouble);
  if (advice !== null) return new VpcflowError('VF_STREAM', `${what}: ${advice.what}`, { cause, help: advice.remedy });
  const detail = cause instanceof Error ? `${cause.name}: ${cause.message || 'no answer'}` : String(cause);
  const help = '`vpcflow doctor` with the same options says what is missing, and the policy that allows it';
  return new VpcflowError('VF_STREAM', `${what}: ${detail.replace(/\s+/g, ' ')}`, {
    cause,
    ...(trouble.kind === 'denied' ? { help } : {}),
  });
};

/** `arn:aws:kinesis:us-east-1:123456789012:stream/flows` → its parts. */
const parseArn = (arn: string): StreamIdentity => {
  const match = /^arn:[^:]+:kinesis:([^:]+):(\d{12}):stream\/([a-zA-Z0-9_.-]{1,128})$/.exec(arn);
  if (match === null)
    throw new VpcflowError('VF_USAGE', `"${arn}" is not the ARN of a Kinesis stream`, {
      help: 'give its name, or arn:aws:kinesis:REGION:ACCOUNT:stream/NAME',
    });
  const [, region, account, name] = match;
  return { name: name!, arn, region: region!, id: `${account}.${region}.${name}` };
};

/**
 * A client for this stream. A stream named by its ARN is asked for in its own region, whatever AWS_REGION says: the SDK
 * takes the host from the region that it is given, never from an ARN. Throws VF_USAGE for the ARN of anything else.
 */
export const kinesisClientFor = (nameOrArn: string): KinesisClient =>
  kinesisClient(nameOrArn.startsWith('arn:') ? { region: parseArn(nameOrArn).region } : {});

/** Asks the service who the stream is; an ARN needs no asking. Rejects with VF_STREAM when there is none, with VF_USAGE for another ARN. */
export const identifyStream = async (client: KinesisClient, nameOrArn: string): Promise<StreamIdentity> => {
  if (nameOrArn.startsWith('arn:')) return parseArn(nameOrArn);
  try {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: nameOrArn }));
    const arn = answer.StreamDescriptionSummary?.StreamARN;
    if (arn === undefined) throw new VpcflowError('VF_STREAM', `stream ${nameOrArn} is described without an ARN`);
    return parseArn(arn);
  } catch (error) {
    if (error instanceof ResourceNotFoundException)
      throw new VpcflowError('VF_STREAM', `there is no stream ${nameOrArn}`, { cause: error });
    throw streamError(`stream ${nameOrArn} cannot be described`, error);
  }
};
