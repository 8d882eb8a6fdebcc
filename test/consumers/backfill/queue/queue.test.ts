// `vpcflow backfill --queue` as a process, against a real queue and a real S3: what is deleted, what is left, kill -9.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  type ChangeMessageVisibilityCommandInput,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { LoadedSource } from '../../../../consumers/backfill/lanes/loader.ts';
import { run } from '../../../../consumers/backfill/main.ts';
import { runQueue } from '../../../../consumers/backfill/queue/run-queue.ts';
import { COMMANDS } from '../../../../consumers/commands.ts';
import { auditStore } from '../../../../consumers/shared/audit/audit-store.ts';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { createLog } from '../../../../consumers/shared/log.ts';
import { totalsMeter } from '../../../../consumers/shared/metrics/totals.ts';
import { readOptions } from '../../../../consumers/shared/read-options.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
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

// At once: nearly all of their time they wait for messages that do not come.
describe.skipIf(s3Server === null || moto === null)('a queue of S3 events', { concurrent: true }, () => {
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
  beforeAll(async () => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    await s3.send(new CreateBucketCommand({ Bucket: 'logs' }));
  });
  afterAll(() => vi.unstubAllEnvs());

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
  const audit = async (store: string): Promise<unknown> => {
    const { report } = await auditStore(new DirectoryStore(store), { window: null });
    return report;
  };
  /** The command without a process, for which no time passes while it waits. */
  const inProcess = async (url: string, store: string) => {
    const stderr = new PassThrough();
    const written = textOf(stderr);
    const command = COMMANDS.find(({ name }) => name === 'backfill')!;
    const options = readOptions(command, { queue: url, 'until-empty': true, store, log: 'text' }, {});
    const clock = { now: () => Date.now(), sleep: async () => {} };
    const context = { args: [], options, stdout: new PassThrough(), stderr, clock };
    const status = await run({ ...context, signal: new AbortController().signal });
    stderr.end();
    return { status, stderr: await written };
  };

  const eventOf = (objects: readonly object[]): string =>
    JSON.stringify({
      Records: objects.map((object) => ({
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        s3: { bucket: { name: 'logs' }, object },
      })),
    });
  const event = (...keys: readonly string[]): string =>
    eventOf(keys.map((key) => ({ key: encodeURIComponent(key), size: 1000 })));
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
    expect(stderr).toMatch(/ [5-9] messages done, 2 left/); // one or the other is delivered twice
    expect(stderr).toMatch(/ [6-9] objects: 4 loaded, [1-4] already there, 1 failed/);
    expect(stderr).toMatch(
      / 2 messages are left on the queue \(VF_SOURCE_UNREADABLE 1, no event of S3 1\), .*no redrive/,
    );
    expect(new Set(stderr.match(/ message_id=.*/g)).size).toBe(2);
    expect(stderr.split('\n').filter((line) => !/^(\d\d:\d\d:\d\d (info|warn) {1,2}.*)?$/.test(line))).toEqual([]);
    expect(status).toBe(1);
    expect(await onQueue(url)).toEqual({ visible: 0, hidden: 2 });
    expect(await audit(store)).toMatchObject({
      ...{ ok: true, records: 4n, lines: 25n, flows: 25n, bytes: BigInt(bytesOf(25)) },
      rejects: { total: 1n, envelopes: 1n },
    });
    // What failed a moment ago cannot be received: that is no empty queue.
    const second = await inProcess(url, store);
    expect(second.status).toBe(1);
    expect(second.stderr).toContain('0 messages done, 0 left');
    expect(second.stderr).toContain('the queue is not empty: about 2 messages could not be received (2 hidden, 0 not)');
  });

  test('loses nothing and counts nothing twice when it is killed, and its messages come again', async () => {
    const url = await queue('killed');
    const store = join(folder, 'killed');
    const keys = await Promise.all(Array.from({ length: 60 }, (_, i) => put(`k/${i}.gz`, gzipSync(text(50, i * 50)))));
    await send(
      url,
      keys.map((key) => event(key)),
    );
    const first = startVpcflow(backfill(url, store), environment);
    await until('some messages are done', async () => {
      if (first.process.exitCode !== null) throw new Error(first.stderr());
      const { visible, hidden } = await onQueue(url);
      return visible + hidden < 55;
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
    expect([second.status, second.stderr]).toEqual([0, expect.stringMatching(/6\d messages done, 0 left/)]);
    expect(await audit(store)).toMatchObject({
      ...{ ok: true, records: 60n, flows: 3000n, bytes: BigInt(bytesOf(3000)), gaps: [] },
    });
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
    expect([status, stderr]).toEqual([0, expect.stringMatching(/ [2-9] messages done, 0 left/)]);
    expect(await audit(store)).toMatchObject({ ok: true, records: 2n, flows: 20n });
  });

  test('that is not there, or is no queue, is one sentence', async () => {
    await expect(inProcess(`${moto?.endpoint}/123456789012/missing`, join(folder, 'no'))).rejects.toMatchObject({
      ...{ code: 'VF_SERVICE', message: expect.stringMatching(/^cannot ask for the queue .*missing: /) },
    });
    await expect(inProcess('flow-logs', join(folder, 'no'))).rejects.toMatchObject({
      ...{ code: 'VF_USAGE', message: '"flow-logs" is no queue' },
    });
  });

  test('tells of an object that was overwritten since: what is there now is loaded, once', async () => {
    const url = await queue('overwritten');
    const store = join(folder, 'overwritten');
    const tag = (body: string): string => createHash('md5').update(body).digest('hex');
    await put('w/1', text(10));
    await put('w/1', text(20));
    const told = [text(10), text(20)].map((body) => eventOf([{ key: 'w/1', size: body.length, eTag: tag(body) }]));
    await send(url, told);
    const { status, stderr } = await inProcess(url, store);
    expect([status, stderr]).toEqual([0, expect.stringMatching(/ [2-4] objects: 1 loaded, [1-3] already there/)]);
    expect(await audit(store)).toMatchObject({ ok: true, records: 1n, flows: 20n });
    // What counts already is guarded by its name.
    await put('w/1', text(30));
    await send(url, [event('w/1')]);
    const other = await inProcess(url, store);
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('(VF_NAME_REUSED 1)')]);
  });

  test('gets a message back that cannot be worked on, after longer each time', async () => {
    const url = await queue('back');
    await send(url, ['nonsense']);
    const changes: ChangeMessageVisibilityCommandInput[] = [];
    const client = new SQSClient({ endpoint: moto?.endpoint ?? '', region: 'us-east-1', credentials });
    client.middlewareStack.add(
      (next) => async (args) => {
        if ('VisibilityTimeout' in args.input && 'ReceiptHandle' in args.input) changes.push(args.input);
        return next(args);
      },
      { step: 'initialize' },
    );
    for (let times = 1; times <= 2; times++) {
      const { left } = await runQueue({
        ...{ client, url, untilEmpty: true, clock: systemClock, signal: new AbortController().signal },
        ...{ meter: totalsMeter().meter, log: createLog(new PassThrough(), 'text'), longPoll: 0 },
        load: async () => ({ outcome: 'known', parts: [], bytes: 0 }),
        ...{ wanted: () => true, onLoaded: () => undefined },
      });
      expect(left.count).toBe(1);
      const again = { QueueUrl: url, ReceiptHandle: changes.at(-1)?.ReceiptHandle, VisibilityTimeout: 0 };
      await sqs.send(new ChangeMessageVisibilityCommand(again));
    }
    client.destroy();
    const seconds = changes.map(({ VisibilityTimeout = 0 }) => VisibilityTimeout);
    expect([seconds[0], seconds.at(-1)! > seconds[0]!]).toEqual([30, true]);
  });

  test('does not give a message to somebody else while it is being worked on', async () => {
    const url = await queue('slow');
    await send(url, [event('s/1')]);
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const loaded: LoadedSource = { outcome: 'known', parts: [], bytes: 0 };
    const working = runQueue({
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
    // Four long polls are longer than the message would have been kept from others without a further word.
    for (let i = 0; i < 4; i++) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1 }));
      expect(Messages).toEqual([]);
    }
    gate.resolve();
    const { done, left } = await working;
    expect([done, left.count]).toEqual([1, 0]);
    expect(await onQueue(url)).toEqual({ visible: 0, hidden: 0 });
  });
});
