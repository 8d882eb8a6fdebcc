// Turns a region into clients of EC2 and STS that wait, ever longer, where EC2 asks for it, and give up in bounded time.
import { EC2Client } from '@aws-sdk/client-ec2';
import { STSClient } from '@aws-sdk/client-sts';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Set where a stand-in for EC2 is meant; without it the SDK's own variables and profile decide. */
export interface Ec2Place {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** How often one call is made, and how long it waits in between: a random time up to `wait`, doubled with each try. */
export interface Patience {
  readonly attempts: number;
  readonly wait: number; // ms
  /** For how long one try waits for an answer. */
  readonly silence: number; // ms
}

/** Half of them wait 8 s or less in all: a storm of RequestLimitExceeded mostly passes, and a shard is not held up long. */
const PATIENCE: Patience = { attempts: 6, wait: 500, silence: 30_000 };
const LONGEST_WAIT = 20_000; // ms
const CONNECT_MS = 4_000;

export interface Ec2Clients {
  readonly ec2: EC2Client;
  readonly sts: STSClient;
}

/** Waits are random from nothing on, so that workers that were refused together do not come back together. */
const retries = ({ attempts, wait }: Patience): StandardRetryStrategy =>
  new StandardRetryStrategy({
    maxAttempts: attempts,
    backoff: {
      setDelayBase: () => undefined, // the same for every kind of failure
      computeNextBackoffDelay: (tries) => Math.floor(Math.random() * Math.min(LONGEST_WAIT, wait * 2 ** tries)),
    },
  });

/**
 * Clients that honour AWS_ENDPOINT_URL(_EC2, _STS), profiles and credentials, where the place does not say otherwise.
 * What may pass is tried again: refusals to slow down, statuses 500 to 504, lost and silent connections.
 */
export const ec2Clients = (
  region: string,
  place: Ec2Place | null = null,
  given: Partial<Patience> = {},
): Ec2Clients => {
  const patience = { ...PATIENCE, ...given };
  const settings = () => ({
    region,
    ...(place ?? {}),
    retryStrategy: retries(patience),
    requestHandler: new NodeHttpHandler({
      ...{ connectionTimeout: CONNECT_MS, requestTimeout: patience.silence, throwOnRequestTimeout: true },
    }),
  });
  return { ec2: new EC2Client(settings()), sts: new STSClient(settings()) };
};
