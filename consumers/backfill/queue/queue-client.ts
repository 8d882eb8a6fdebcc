// Turns the URL of an SQS queue into a client that speaks to it, and into what there is to know of it before the start.
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { assumedRole } from '../../shared/assumed-role.ts';
import { adviceOf, troubleOf } from '../../shared/aws-trouble.ts';
import { NO_LOG } from '../../shared/no-log.ts';
import type { BucketAccess } from '../s3/bucket-client.ts';
import type { OnQueue } from './left-messages.ts';

/** `https://sqs.eu-west-1.amazonaws.com/123456789012/name`; other servers have other hosts. */
const AWS_HOST = /^(?:[a-z0-9-]+\.)?sqs(?:-fips)?\.([a-z0-9-]+)\.(?:(?:vpce\.)?amazonaws\.com(?:\.cn)?|api\.aws)$/;

/**
 * A client for this queue, in the region that its URL names, whatever AWS_REGION says. Nobody is asked yet.
 * @throws VF_USAGE for what is no URL of a queue.
 */
export const queueClient = (url: string, { role, externalId }: BucketAccess): SQSClient => {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || !/^\/[^/]+\/[^/]+/.test(parsed.pathname)) {
    const help = 'give its URL, such as https://sqs.eu-west-1.amazonaws.com/123456789012/flow-logs';
    throw new VpcflowError('VF_USAGE', `${JSON.stringify(url)} is no queue`, { help });
  }
  const region = AWS_HOST.exec(parsed.hostname)?.[1];
  return new SQSClient({
    maxAttempts: 5,
    // The SDK warns on stderr that the URL of the queue goes before the endpoint of its region: that is what is wanted.
    logger: NO_LOG,
    ...(region === undefined ? {} : { region }),
    ...(role === null ? {} : { credentials: assumedRole(role, externalId) }),
  });
};

/** VF_SERVICE, in words that are about the queue. */
export const queueError = (doing: string, url: string, cause: unknown): VpcflowError => {
  if (cause instanceof VpcflowError) return cause;
  const trouble = troubleOf(cause);
  const advice = adviceOf(trouble);
  const what = advice?.what ?? trouble.detail;
  const allow =
    'allow sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on it';
  const help = advice?.remedy ?? (trouble.kind === 'denied' ? allow : null);
  return new VpcflowError('VF_SERVICE', `cannot ${doing} the queue ${url}: ${what}`, {
    cause,
    ...(help === null ? {} : { help }),
  });
};

/**
 * Asks for the queue once. `redrive`: whether it sets a message aside that nobody can work on; null where these
 * credentials may not ask. Rejects with VF_SERVICE when there is no such queue, or it cannot be reached.
 */
export const examineQueue = async (client: SQSClient, url: string): Promise<{ readonly redrive: boolean | null }> => {
  try {
    const answer = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] }),
    );
    return { redrive: answer.Attributes?.RedrivePolicy !== undefined };
  } catch (error) {
    if (troubleOf(error).kind === 'denied') return { redrive: null };
    throw queueError('ask for', url, error);
  }
};

const ASKED = 5;
const PAUSE = 3000; // ms

/**
 * What is still on a queue from which nothing could be received; null: nothing, or these credentials may not ask. SQS
 * counts approximately, and some seconds late: what it says is there is asked for some times.
 */
export const stillThere = async (
  client: SQSClient,
  url: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<OnQueue | null> => {
  for (let asked = 1; ; asked++) {
    const found = await countMessages(client, url);
    if (found === null || found.visible + found.hidden === 0) return null;
    if (asked === ASKED || signal.aborted) return found;
    await clock.sleep(PAUSE, signal);
  }
};

const countMessages = async (client: SQSClient, url: string): Promise<OnQueue | null> => {
  try {
    const counts = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...counts] }),
    );
    const [visible, hidden] = counts.map((name) => Number(Attributes?.[name] ?? 0));
    return { visible: visible ?? 0, hidden: hidden ?? 0 };
  } catch (error) {
    if (troubleOf(error).kind === 'denied') return null;
    throw queueError('ask for', url, error);
  }
};
