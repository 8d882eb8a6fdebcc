// A digest worker whose log nobody reads any more, and one that rejects everything: real processes on a real stream.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { type LocalKinesis, localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { identifyStream, type StreamIdentity } from '../../../consumers/shared/kinesis.ts';
import { putRecords } from '../../../consumers/shared/kinesis-writer.ts';
import { type Running, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';

let directory: string;
let kinesis: LocalKinesis;
let client: KinesisClient;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-unheard-'));
  kinesis = await startLocalKinesis(null);
  client = localClient(kinesis);
});
afterAll(async () => {
  client.destroy();
  await kinesis.stop();
  await rm(directory, { recursive: true });
});

interface Worker {
  readonly stream: StreamIdentity;
  readonly running: Running;
  readonly url: string;
  readonly metric: (line: RegExp) => Promise<number>;
}

/** A worker that commits each record by itself, and knows the format of no log group. */
const start = async (name: string): Promise<Worker> => {
  await ensureStream(client, name, 1, systemClock);
  const options = ['--store', join(directory, name), '--metrics-port', '0', '--epoch-bytes', '1'];
  const running = startVpcflow(['digest', '--stream', name, ...options], {
    AWS_ENDPOINT_URL_KINESIS: kinesis.place.endpoint,
    AWS_REGION: kinesis.place.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  const url = await until('it says where its metrics are', () => /http:\/\/127[.\d:]+/.exec(running.stderr())?.[0]);
  const metric = async (line: RegExp): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((one) => line.test(one))
        ?.split(' ')[1] ?? Number.NaN,
    );
  };
  return { stream: await identifyStream(client, name), running, url, metric };
};

/** One record of text that is no flow log of the default format. */
const put = (stream: StreamIdentity): Promise<void> =>
  putRecords(client, stream, [{ partitionKey: 'p', data: Buffer.from('not a flow log\n') }], systemClock);

const REJECTS = /^vpcflow_rejects_total\{.*reason="token_count"\} /;

test('a worker whose log reader is gone goes on, and commits what it has when it is told to stop', async () => {
  const { stream, running, metric } = await start('unheard');
  const { stderr } = running.process;
  if (stderr === null) throw new Error('no pipe');
  stderr.destroy();
  await once(stderr, 'close');
  await until('it begins', async () => (await metric(REJECTS)) === 0);
  await put(stream); // of which it would log that it was rejected
  await until('the record is committed', async () => (await metric(REJECTS)) === 1);
  await put(stream);
  await until('the next one is committed', async () => (await metric(REJECTS)) === 2);
  running.process.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ status: 0, signal: null });
});

test('a worker that rejects everything says so, and what to do; it is healthy once it has listed its shards', async () => {
  const { stream, running, url, metric } = await start('rejected');
  await until('it is healthy', async () => (await fetch(`${url}/healthz`)).ok);
  await until('its engine is up', async () => (await metric(/^vpcflow_engine_up /)) === 1);
  await put(stream);
  await until('the record is committed', async () => (await metric(REJECTS)) === 1);
  running.process.kill('SIGTERM');
  const { status, stderr } = await running.ended;
  expect(status, stderr).toBe(0);
  const said = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(said).toContainEqual(
    expect.objectContaining({
      ...{ level: 40, shard: 'shardId-000000000000', rejects: 1, by_reason: { token_count: 1 } },
      msg: expect.stringContaining('--formats'),
    }),
  );
  expect(said.at(-1).msg).toBe('1 line, 0 flows committed in 1 epoch; 1 reject, 0 duplicates');
});
