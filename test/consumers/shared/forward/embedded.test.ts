// `vpcflow digest --forward` as a process: killed at random moments, with a Firehose that hangs, then refuses, then takes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditStore } from '../../../../consumers/shared/audit/audit-store.ts';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import {
  type LocalKinesis,
  localClient,
  startLocalKinesis,
} from '../../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../../consumers/shared/embedded/local-stream.ts';
import { identifyStream } from '../../../../consumers/shared/kinesis.ts';
import { putRecords } from '../../../../consumers/shared/kinesis-writer.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { type FirehoseServer, idsOf, startFirehose } from '../../../fakes/firehose-http.ts';
import { random } from '../../../faults/world.ts';
import { type Running, startVpcflow } from '../../../run-vpcflow.ts';
import { until } from '../../../until.ts';
import { commitsOf, committedIds } from './committed.ts';

let directory: string;
let kinesis: LocalKinesis;
let client: KinesisClient;
let firehose: FirehoseServer;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-forward-'));
  kinesis = await startLocalKinesis(null);
  client = localClient(kinesis);
  firehose = await startFirehose();
});
afterAll(async () => {
  client.destroy();
  await kinesis.stop();
  await firehose.stop();
  await rm(directory, { recursive: true });
});

const RECORDS = 60;
/** Of those that come when nothing is killed any more. */
const LATE = 12;
/** Of the others, at the bound of 20 rows. */
const EPOCHS = (RECORDS - LATE) / 2;

/** A record of ten rows and, now and then, a reject. */
const record = (n: number, start: number) => {
  const lines = Array.from(
    { length: 10 },
    (_, i) => `2 123456789012 eni-1 10.0.${n >> 8}.${n & 255} 10.1.0.${i} 0 443 6 1 40 ${start} ${start} ACCEPT OK`,
  );
  return {
    partitionKey: `p${n}`,
    data: Buffer.from([...lines, ...(n % 7 === 0 ? [`2 too few ${n}`] : [])].join('\n')),
  };
};

test('killed at random moments: what is committed is sent, and nothing else', { timeout: 240_000 }, async () => {
  await ensureStream(client, 'flows', 2, systemClock);
  const stream = await identifyStream(client, 'flows');
  const start = Math.floor(Date.now() / 1000) - 60;
  const all = Array.from({ length: RECORDS }, (_, n) => record(n, start));
  await putRecords(client, stream, all.slice(0, -LATE), systemClock);

  const store = new DirectoryStore(join(directory, 'store'));
  const args = [
    ...['digest', '--stream', 'flows', '--store', join(directory, 'store'), '--epoch-rows', '20', '--log', 'json'],
    ...['--forward', 'siem', '--forward-what', 'both'],
  ];
  const begin = (): Running =>
    startVpcflow(args, { ...firehose.environment, AWS_ENDPOINT_URL_KINESIS: kinesis.place.endpoint });
  const epochs = async (): Promise<number> => (await Array.fromAsync(store.list('commits/'))).length;

  const chance = random(7);
  const faults = ['hang', { error: 'ServiceUnavailableException', status: 503 }, 'lose'] as const;
  for (const [n, fault] of faults.entries()) {
    firehose.answer = (call) => (fault === 'lose' && call % 2 === 0 ? 'take' : fault);
    const running = begin();
    const enough = Math.max(1, Math.floor(((n + chance()) / faults.length) * 0.8 * EPOCHS));
    await until(`${enough} epochs are committed`, async () => (await epochs()) >= enough);
    running.process.kill('SIGKILL');
    await running.ended;
  }
  // A stream that hangs stops no digest: everything is committed before one line more is taken.
  firehose.answer = () => 'hang';
  const hanging = begin();
  await putRecords(client, stream, all.slice(-LATE), systemClock);
  const records = async (): Promise<number> =>
    (await commitsOf(store)).reduce((sum, { counts }) => sum + counts.records, 0);
  // What is missing lies in the open epochs of the two shards, a record in each.
  await until('all is read', async () => (await records()) >= RECORDS - 2);
  hanging.process.kill('SIGTERM');
  const { status, stderr } = await hanging.ended;
  expect(status, stderr).toBe(0);
  expect(await records()).toBe(RECORDS);

  firehose.answer = (call) => (call % 4 === 3 ? { refuse: (i) => i % 3 === 0 } : 'take');
  const last = begin();
  const expected = await committedIds(store);
  await until('everything is sent', () => idsOf(firehose.records).size >= expected.length);
  last.process.kill('SIGTERM');
  expect((await last.ended).status).toBe(0);

  expect([...idsOf(firehose.records)].sort()).toEqual(expected);
  expect(expected.length).toBe(RECORDS * 10 + Math.ceil(RECORDS / 7));
  expect(new Set(firehose.records).size).toBe(expected.length); // the same id is the same line
  const { report } = await auditStore(store, { window: null });
  expect(report).toMatchObject({ ok: true, gaps: [], flows: BigInt(RECORDS * 10) });
});
