// Runs the doctor on a stream, a bucket, tables and subscriptions that are well, until a test makes them otherwise.
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutSubscriptionFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient, ListShardsCommand, type Shard } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { vi } from 'vitest';
import { COMMANDS } from '../../../consumers/commands.ts';
import type { Finding } from '../../../consumers/doctor/check.ts';
import { examine } from '../../../consumers/doctor/examine.ts';
import { doctorTable } from '../../../consumers/doctor/report.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { localClient } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { type Given, readOptions } from '../../../consumers/shared/read-options.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { requirement } from '../../requirements.ts';
import { type Aws, startAws } from './guarded-aws.ts';
import { createTables } from './library-tables.ts';

export const ARN = 'arn:aws:kinesis:us-east-1:123456789012:stream/flows';
export const APPLICATION = 'vpcflow-digest-flows';
/** What makes the doctor look at everything. */
export const ALL = { stream: 'flows', engine: 'kcl', store: 's3://flows/prefix' } as const;

export interface Prepared {
  readonly aws: Aws;
  /** Past the proxies. */
  readonly streams: KinesisClient;
  readonly tables: DynamoDBClient;
  readonly objects: S3Client;
  readonly logs: CloudWatchLogsClient;
  /** Of the stream `flows`. */
  readonly shards: readonly Shard[];
  /** Everything is well again. */
  calm(): void;
  stop(): Promise<void>;
}

/** Null (after a loud skip) where a server cannot be had. The streams are `flows` and `kept`. */
export const prepareAws = async (): Promise<Prepared | null> => {
  const aws = await startAws();
  if (!requirement('stand-ins for AWS', aws !== null, 'examines them with the doctor') || aws === null) return null;
  const { credentials, region } = aws.kinesis.place;
  const at = (endpoint: string) => ({ ...{ endpoint, region, credentials }, requestHandler: new NodeHttpHandler() });
  const streams = localClient(aws.kinesis);
  const tables = new DynamoDBClient(at(aws.moto.endpoint));
  const logs = new CloudWatchLogsClient(at(aws.moto.endpoint));
  // The bucket is its owner's alone, and the owner is who has the access key.
  const owner = { accessKeyId: 'testing', secretAccessKey: 'testing' };
  const objects = new S3Client({ ...at(aws.s3.endpoint), credentials: owner, forcePathStyle: true });
  await ensureStream(streams, 'flows', 2, systemClock);
  await ensureStream(streams, 'kept', 1, systemClock);
  const shards = (await streams.send(new ListShardsCommand({ StreamName: 'flows' }))).Shards ?? [];
  await objects.send(new CreateBucketCommand({ Bucket: 'flows' }));
  await createTables(tables, APPLICATION);
  // The subscriptions lead to a stream of the same ARN: each stand-in knows only its own streams.
  const known = new KinesisClient(at(aws.moto.endpoint));
  await ensureStream(known, 'flows', 1, systemClock);
  await ensureStream(known, 'other', 1, systemClock);
  known.destroy();
  return {
    ...{ aws, streams, tables, logs, objects, shards },
    calm: () => {
      aws.rules.answers.clear();
      aws.rules.hang.clear();
      aws.rules.ahead = 0;
      aws.rules.before = async () => undefined;
      aws.asked.length = 0;
    },
    stop: async () => {
      for (const client of [streams, tables, logs, objects]) client.destroy();
      await aws.stop();
    },
  };
};

/** Makes a log group that feeds the stream. */
export const subscribe = async ({ logs }: Prepared, group: string, stream: string): Promise<void> => {
  await logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  await logs.send(
    new PutSubscriptionFilterCommand({
      ...{ logGroupName: group, filterName: 'to-vpcflow', filterPattern: '', distribution: 'ByLogStream' },
      destinationArn: `arn:aws:kinesis:us-east-1:123456789012:stream/${stream}`,
      roleArn: 'arn:aws:iam::123456789012:role/logs',
    }),
  );
};

const doctor = COMMANDS.find(({ name }) => name === 'doctor')!;

/** Waits pass this many times faster than they say. */
const HASTE = 50;
const hurried: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms / HASTE, signal) };

/** Short, because what does not answer here never will; long enough for a busy machine to answer everything else. */
export const HANG_LIMIT = 1_500 * HASTE; // ms
const LIMIT = 30_000 * HASTE; // ms

/** What `vpcflow doctor` finds with these options, in this process. */
export const examined = async ({ aws }: Prepared, given: Given, limit = LIMIT): Promise<readonly Finding[]> => {
  for (const [name, value] of Object.entries(aws.environment)) vi.stubEnv(name, value);
  try {
    const options = readOptions(doctor, { java: aws.java, 'kcl-jars': aws.jars, ...given }, {});
    const signal = new AbortController().signal;
    return await examine({ options, environment: process.env, clock: hurried, signal, limit });
  } finally {
    vi.unstubAllEnvs();
  }
};

/** The report without what differs between machines and runs. */
export const reported = ({ aws }: Prepared, findings: readonly Finding[]): string =>
  doctorTable(findings)
    .replaceAll(aws.directory, 'DIR')
    .replaceAll(process.version, 'v24.18.0')
    .replace(/within \d+ s of/, 'within 5 s of');

export const about = (findings: readonly Finding[], area: string): readonly Finding[] =>
  findings.filter((finding) => finding.area === area);
