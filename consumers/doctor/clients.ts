// Turns the AWS SDK's own settings into clients that give up soon and remember what time each service says it is.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import type { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Clock } from '../../schemas/clock.ts';

/** What a service said the time was, beside what this host took it for. */
export interface TimeTold {
  readonly service: string;
  /** Clock of the service minus clock of this host. */
  readonly ahead: number; // ms; whole seconds are all that a Date header has
}

const CONNECT_MS = 4_000;
const ATTEMPTS = 2;

/** Reads the Date header of an answer that came between two looks at the clock. */
const timeTold = (service: string, date: string | undefined, before: number, after: number): TimeTold | null => {
  const told = date === undefined ? Number.NaN : Date.parse(date);
  // The header names the second that had begun: on average half of it was over.
  return Number.isNaN(told) ? null : { service, ahead: told + 500 - (before + after) / 2 };
};

class TimedHandler extends NodeHttpHandler {
  readonly #service: string;
  readonly #clock: Clock;
  readonly #told: TimeTold[];

  constructor(service: string, clock: Clock, limit: number, told: TimeTold[]) {
    super({ connectionTimeout: Math.min(CONNECT_MS, limit), requestTimeout: limit, throwOnRequestTimeout: true });
    this.#service = service;
    this.#clock = clock;
    this.#told = told;
  }

  override async handle(
    ...call: Parameters<NodeHttpHandler['handle']>
  ): Promise<Awaited<ReturnType<NodeHttpHandler['handle']>>> {
    const before = this.#clock.now();
    const answer = await super.handle(...call);
    const told = timeTold(this.#service, answer.response.headers.date, before, this.#clock.now());
    if (told !== null) this.#told.push(told);
    return answer;
  }
}

export interface Clients {
  readonly kinesis: KinesisClient;
  readonly dynamo: DynamoDBClient;
  readonly sts: STSClient;
  readonly logs: CloudWatchLogsClient;
  /** Grows with every answer. */
  readonly told: readonly TimeTold[];
  /** Has an S3 client remember the time too. */
  readonly watch: (client: S3Client) => void;
  readonly destroy: () => void;
}

/**
 * Endpoints and credentials are the SDK's to find, as for a worker, and so is the region where it is null; HTTP/1.1, as
 * the workers' clients speak.
 */
export const createClients = (clock: Clock, limit: number, region: string | null): Clients => {
  const told: TimeTold[] = [];
  const config = (service: string) => ({
    ...(region === null ? {} : { region }),
    maxAttempts: ATTEMPTS,
    requestHandler: new TimedHandler(service, clock, limit, told),
  });
  const kinesis = new KinesisClient(config('Kinesis'));
  const dynamo = new DynamoDBClient(config('DynamoDB'));
  const sts = new STSClient(config('STS'));
  const logs = new CloudWatchLogsClient(config('CloudWatch Logs'));
  return {
    ...{ kinesis, dynamo, sts, logs, told },
    watch: (client) => {
      client.middlewareStack.add(
        (next) => async (args) => {
          const before = clock.now();
          const answer = await next(args);
          const { response } = answer;
          const headers =
            typeof response === 'object' && response !== null && 'headers' in response && response.headers;
          const date = new Map(Object.entries(headers || {})).get('date');
          const heard = timeTold('S3', typeof date === 'string' ? date : undefined, before, clock.now());
          if (heard !== null) told.push(heard);
          return answer;
        },
        { step: 'deserialize', priority: 'low', name: 'timeTold' },
      );
    },
    destroy: () => {
      for (const client of [kinesis, dynamo, sts, logs]) client.destroy();
    },
  };
};
