// `vpcflow digest` as a person runs it: a stream becomes committed digests, SIGTERM commits the rest, a second run goes on.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { type LocalKinesis, localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { identifyStream } from '../../../consumers/shared/kinesis.ts';
import { putRecords } from '../../../consumers/shared/kinesis-writer.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { watermarkKey } from '../../../pipeline/keys.ts';
import { Subscription } from '../../../pipeline/simulation/envelopes.ts';
import { SIMULATED, SIMULATED_FORMAT } from '../../../pipeline/simulation/record.ts';
import { Simulation } from '../../../pipeline/simulation/simulation.ts';
import { LOG_GROUP } from '../../../pipeline/simulation/world.ts';
import { runVpcflow, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';

let directory: string;
let kinesis: LocalKinesis;
let client: KinesisClient;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-digest-'));
  kinesis = await startLocalKinesis(null);
  client = localClient(kinesis);
});
afterAll(async () => {
  client.destroy();
  await kinesis.stop();
  await rm(directory, { recursive: true });
});

const SHARDS = ['shardId-000000000000', 'shardId-000000000001'];

test('a stream becomes digests, once, over a SIGTERM and a second run', { timeout: 180_000 }, async () => {
  await ensureStream(client, 'flows', 2, systemClock);
  const stream = await identifyStream(client, 'flows');
  const begin = Math.floor(Date.now() / 1000) - 600;
  const simulation = new Simulation({ seed: 5, start: begin, anchor: begin, rate: 100, format: SIMULATED });
  const subscription = new Subscription(5, begin);
  /** Puts a stretch of traffic; how many lines it has. */
  const put = async (seconds: number): Promise<number> => {
    const envelopes = Array.from({ length: seconds }, () => [
      ...subscription.deliver(simulation.second, simulation.next()),
    ]).flat();
    await putRecords(client, stream, envelopes, systemClock);
    return envelopes.reduce((sum, one) => sum + (one.redelivered ? 0 : one.lines), 0);
  };

  const store = join(directory, 'store');
  const formats = join(directory, 'formats.json');
  await writeFile(formats, JSON.stringify({ [LOG_GROUP]: SIMULATED_FORMAT }));
  const environment = {
    AWS_ENDPOINT_URL_KINESIS: kinesis.place.endpoint,
    AWS_REGION: kinesis.place.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const args = ['digest', '--stream', 'flows', '--store', store, '--formats', formats];
  const objects = new DirectoryStore(store);
  const watermarks = async (): Promise<readonly number[]> => {
    const stored = await Promise.all(SHARDS.map((shard) => objects.get(watermarkKey(stream.id, shard))));
    return stored.map((one) => (one === null ? 0 : JSON.parse(one.body.toString()).watermark));
  };
  /** One run until it has read what is on the stream: a watermark is stored with the first batch, which is all of it. */
  const digest = async (...more: readonly string[]): Promise<void> => {
    const before = await watermarks();
    const running = startVpcflow([...args, ...more], environment);
    await until('both shards are read', async () => (await watermarks()).every((ms, i) => ms > before[i]!));
    running.process.kill('SIGTERM');
    const { status, stderr } = await running.ended;
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/digesting arn:aws:kinesis:us-east-1:123456789012:stream\/flows into /);
    const committed = /"msg":"[\d,]+ lines, [\d,]+ flows committed in \d+ epochs?; 0 rejects, [\d,]+ duplicates?"}\n$/;
    expect(stderr).toMatch(committed);
  };

  const first = await put(90);
  await digest();
  const second = await put(90);
  await digest();
  const whole = { ok: true, lines: first + second, gaps: [], rejects: { total: 0 } };
  const audit = async (): Promise<unknown> =>
    JSON.parse((await runVpcflow(['audit', '--store', store, '--format', 'json'])).stdout);
  expect(await audit()).toMatchObject(whole);

  // The store is lost and its checkpoints are not: the help of the refusal is what makes it whole again.
  for (const entry of await readdir(store)) if (entry !== '.vpcflow') await rm(join(store, entry), { recursive: true });
  const refused = await runVpcflow(args, environment);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(
    /the start is ahead of the store, which has nothing of this shard: record \d+ can be read and would be left out; run `vpcflow digest … --rewind` once: .* another store .* --application .*\(VF_CHAIN_AHEAD\)\n$/,
  );
  await digest('--rewind');
  expect(await audit()).toMatchObject(whole);
});

test('a stream that cannot be reached is one sentence and status 1', async () => {
  const { status, stderr } = await runVpcflow(['digest', '--stream', 'flows', '--store', join(directory, 'none')], {
    AWS_ENDPOINT_URL_KINESIS: 'http://127.0.0.1:9',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^vpcflow: stream flows cannot be described: [^\n]*\(VF_STREAM\)\n$/);
});
