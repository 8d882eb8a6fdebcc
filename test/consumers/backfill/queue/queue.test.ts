// `vpcflow backfill --queue` as a process, against a real queue and a real S3: what is deleted, what is left, kill -9.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadedSource } from '../../../../consumers/backfill/loader.ts';
import { runQueue } from '../../../../consumers/backfill/queue/run-queue.ts';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { createLog } from '../../../../consumers/shared/log.ts';
import { totalsMeter } from '../../../../consumers/shared/metrics/totals.ts';
import { startMotoServer } from '../../../moto-server.ts';
import { runVpcflow, startVpcflow } from '../../../run-vpcflow.ts';
import { s3Environment, startS3Server } from '../../../s3-server.ts';
import { until } from '../../../until.ts';
import { envelope, text } from '../flow-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-queue-'));
const [s3Server, moto] = [await startS3Server(), await startMotoServer()];
afterAll(async () => {
  await Promise.all([s3Server?.stop(), moto?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const bytesOf = (count: number): number => (100 * (count * (count + 1))) / 2;

describe.skipIf(s3Server === null || moto === null)('a queue of S3 events', () => {
  const environment = { ...s3Environment(s3Server?.endpoint ?? ''), AWS_ENDPOINT_URL: moto?.endpoint ?? '' };
  const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
  const s3 = new S3Client({
    endpoint: s3Server?.endpoint ?? '',
    region: 'us-east-1',
    credentials,
    forcePathStyle: true,
  });
  const sqs = new SQSClient({ endpoint: moto?.endpoint ?? '', region: 'us-east-1', credentials });
  afterAll(() => {
    s3.destroy();
    sqs.destroy();
  });
  beforeAll(() => s3.send(new CreateBucketCommand({ Bucket: 'logs' })));

  const queue = async (name: string): Promise<string> => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    return QueueUrl;
  };
  const put = async (key: string, body: string | Uint8Array): Promise<string> => {
    await s3.send(new PutObjectCommand({ Bucket: 'logs', Key: key, Body: body }));
    return key;
  };
  const send = async (url: string, bodies: readonly string[]): Promise<void> => {
    for (let i = 0; i < bodies.length; i += 10) {
      const Entries = bodies.slice(i, i + 10).map((MessageBody, n) => ({ Id: String(n), MessageBody }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    }
  };
  const onQueue = async (url: string): Promise<{ visible: number; hidden: number }> => {
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
    return {
      visible: Number(Attributes?.ApproximateNumberOfMessages),
      hidden: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
    };
  };
  const backfill = (url: string, store: string): readonly string[] => [
    ...['backfill', '--queue', url, '--until-empty', '--store', store, '--log', 'text'],
  ];
  const audit = async (store: string): Promise<unknown> =>
    JSON.parse((await runVpcflow(['audit', '--store', store, '--format', 'json'])).stdout);

  const event = (...keys: readonly string[]): string =>
    JSON.stringify({
      Records: keys.map((key) => ({
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        s3: { bucket: { name: 'logs' }, object: { key: encodeURIComponent(key), size: 1000 } },
      })),
    });
  const bridge = (key: string): string =>
    JSON.stringify({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: 'logs' }, object: { key, size: 1000 } },
    });

  test('is worked on until it is empty; what cannot be loaded is left, poison is rejected', async () => {
    const url = await queue('kinds');
    const store = join(folder, 'kinds');
    await put('a b/1.gz', gzipSync(text(10)));
    await put('a/2.json', envelope(5, 10));
    await put('a/3.gz', gzipSync(text(10, 15)));
    await put('a/poison', Buffer.from('1f8b0800ffff', 'hex'));
    await send(url, [
      '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}',
      event('a b/1.gz', 'a/2.json'),
      event('a/2.json'), // told twice
      bridge('a/3.gz'),
      JSON.stringify({ Type: 'Notification', Message: event('a/poison') }),
      event('a/gone.gz'),
      'nonsense',
    ]);
    const { status, stderr } = await runVpcflow(backfill(url, store), environment);
    expect(stderr).toContain('it is not JSON');
    expect(stderr).toContain('s3://logs/a/gone.gz');
    expect(stderr).toContain('5 messages done, 2 left');
    expect(status).toBe(1);
    expect(await onQueue(url)).toEqual({ visible: 0, hidden: 2 });
    expect(await audit(store)).toMatchObject({
      ...{ ok: true, records: 4, lines: 25, flows: 25, bytes: bytesOf(25) },
      rejects: { total: 1, envelopes: 1 },
    });
  });

  test('loses nothing and counts nothing twice when it is killed, and its messages come again', async () => {
    const url = await queue('killed');
    const store = join(folder, 'killed');
    const keys = await Promise.all(Array.from({ length: 120 }, (_, i) => put(`k/${i}.gz`, gzipSync(text(50, i * 50)))));
    await send(
      url,
      keys.map((key) => event(key)),
    );
    const first = startVpcflow(backfill(url, store), environment);
    await until('some messages are done', async () => {
      const { visible, hidden } = await onQueue(url);
      return visible + hidden < 110;
    });
    first.process.kill('SIGKILL');
    await first.ended;
    // As after their time is over, and some that were done already: SQS delivers at least once.
    await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    await send(
      url,
      keys.map((key) => event(key)),
    );
    const second = await runVpcflow(backfill(url, store), environment);
    expect([second.status, second.stderr]).toEqual([0, expect.stringContaining('120 messages done, 0 left')]);
    expect(await audit(store)).toMatchObject({ ok: true, records: 120, flows: 6000, bytes: bytesOf(6000), gaps: [] });
    expect(await onQueue(url)).toEqual({ visible: 0, hidden: 0 });
  });

  test('is gone on with until SIGTERM, and what was begun is finished', async () => {
    const url = await queue('going');
    const store = join(folder, 'going');
    await put('g/1', text(10));
    await send(url, [event('g/1')]);
    const args = backfill(url, store).filter((arg) => arg !== '--until-empty');
    const running = startVpcflow(args, environment);
    await until('the first message is done', async () => {
      const { visible, hidden } = await onQueue(url);
      return visible + hidden === 0;
    });
    await put('g/2', text(10, 10));
    await send(url, [event('g/2')]);
    await until('the second message is done', async () => {
      const { visible, hidden } = await onQueue(url);
      return visible + hidden === 0;
    });
    running.process.kill('SIGTERM');
    const { status, stderr } = await running.ended;
    expect([status, stderr]).toEqual([0, expect.stringContaining('2 messages done, 0 left')]);
    expect(await audit(store)).toMatchObject({ ok: true, records: 2, flows: 20 });
  });

  test('that is not there, or is no queue, is one sentence', async () => {
    const missing = await runVpcflow(
      backfill(`${moto?.endpoint}/123456789012/missing`, join(folder, 'no')),
      environment,
    );
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(/^vpcflow: cannot ask for the queue .*missing: .* \(VF_SERVICE\)\n$/);
    const none = await runVpcflow(backfill('flow-logs', join(folder, 'no')), environment);
    expect([none.status, none.stderr]).toEqual([
      2,
      expect.stringMatching(/"flow-logs" is no queue; .*\(VF_USAGE\)\n$/),
    ]);
  });

  test('does not give a message to somebody else while it is being worked on', async () => {
    const url = await queue('slow');
    await send(url, [event('s/1')]);
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const loaded: LoadedSource = { outcome: 'known', parts: [], bytes: 0 };
    const run = runQueue({
      ...{ client: sqs, url, untilEmpty: true, clock: systemClock, signal: new AbortController().signal },
      ...{ meter: totalsMeter().meter, log: createLog(process.stderr, 'text') },
      load: async () => {
        begun.resolve();
        await gate.promise;
        return loaded;
      },
      ...{ wanted: () => true, onLoaded: () => undefined },
      ...{ visibility: { timeout: 2, heartbeat: 1 }, longPoll: 1 },
    });
    await begun.promise;
    // Five long polls are longer than the message would have been kept from others without a further word.
    for (let i = 0; i < 5; i++) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1 }));
      expect(Messages).toEqual([]);
    }
    gate.resolve();
    expect(await run).toEqual({ done: 1, left: 0 });
    expect(await onQueue(url)).toEqual({ visible: 0, hidden: 0 });
  });
});
