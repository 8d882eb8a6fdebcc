// The child's end of the link, over a real socket: metrics add up, logs are plain, the last word arrives, the end is seen.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectParent, type ParentLink } from '../../../../../consumers/shared/kcl/child/parent-link.ts';
import { parseLinkLine } from '../../../../../consumers/shared/kcl/link-messages.ts';
import { VpcflowError } from '../../../../../schemas/errors.ts';
import { until } from '../../../../until.ts';

const SHARD = { shard: 'shardId-000000000000' };

let directory: string;
let server: Server;
let worker: Socket;
let link: ParentLink;
let gone: number;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-link-'));
  const path = join(directory, 'link');
  server = createServer().listen(path);
  await once(server, 'listening');
  const connected = once(server, 'connection');
  gone = 0;
  link = await connectParent(path, () => gone++);
  [worker] = await connected;
});
afterEach(async () => {
  worker.destroy();
  await link.end('input-closed');
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

/** All messages, once the child has said its last. */
const messages = async () =>
  (await text(worker))
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLinkLine);

describe('metrics', () => {
  test('are sent with the last word at the latest: counters added up, gauges as they are last, observations all', async () => {
    link.meter.count('records', 2, SHARD);
    link.meter.count('records', 3, SHARD);
    link.meter.count('records', 7, { shard: 'another' });
    link.meter.count('rejects', 1, { ...SHARD, reason: 'bad_time' });
    link.meter.set('millisBehindLatest', 9, SHARD);
    link.meter.set('millisBehindLatest', 4, SHARD);
    link.meter.observe('flushSeconds', 0.5, {});
    link.meter.observe('flushSeconds', 0.5, {});
    await link.end('shutdown');
    expect(await messages()).toEqual([
      { type: 'hello', pid: process.pid },
      {
        type: 'metrics',
        updates: [
          { metric: 'records', value: 5, labels: SHARD },
          { metric: 'records', value: 7, labels: { shard: 'another' } },
          { metric: 'rejects', value: 1, labels: { ...SHARD, reason: 'bad_time' } },
          { metric: 'millisBehindLatest', value: 4, labels: SHARD },
          { metric: 'flushSeconds', value: 0.5, labels: {} },
          { metric: 'flushSeconds', value: 0.5, labels: {} },
        ],
      },
      { type: 'end', reason: 'shutdown' },
    ]);
  });

  test('are sent while the child lives on', async () => {
    let seen = '';
    worker.on('data', (chunk: string | Buffer) => {
      seen += chunk.toString();
    });
    link.meter.count('records', 1, SHARD);
    await until('metrics come', () => seen.includes('"metrics"'));
    link.meter.count('records', 2, SHARD);
    await until('they come again', () => seen.includes('"value":2'));
  });

  test('of a shard that is let go go out before it is forgotten', async () => {
    link.meter.count('records', 1, SHARD);
    link.meter.forget(SHARD.shard);
    await link.end('lease-lost');
    expect((await messages()).map((message) => message?.type)).toEqual(['hello', 'metrics', 'forget', 'end']);
  });
});

describe('a log line', () => {
  test('has plain fields, whatever was given', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    link.shard(SHARD.shard);
    link.log.warn({ error: new TypeError('no'), big: 12n, at: undefined, nested: { cause: new Error('deep') } }, 'odd');
    link.log.warn({ failed: new VpcflowError('VF_USAGE', 'so'), circle: 1 }, 'ours');
    link.log.error(circle, 'around');
    await link.end('shutdown');
    const [, shard, odd, ours, around] = await messages();
    expect(shard).toEqual({ type: 'shard', ...SHARD });
    const fields = { error: 'TypeError: no', big: '12', nested: { cause: 'Error: deep' } };
    expect(odd).toEqual({ type: 'log', level: 'warn', message: 'odd', fields });
    expect(ours).toMatchObject({ fields: { failed: 'so; see --help (VF_USAGE)' } });
    expect(around).toMatchObject({ level: 'error', message: 'around' });
  });
});

describe('the last word', () => {
  test('is the error as it was thrown', async () => {
    await link.failed(new VpcflowError('VF_CLAIM_LOST', 'the epoch is taken', { help: 'wait' }));
    const failed = { type: 'failed', code: 'VF_CLAIM_LOST', message: 'the epoch is taken', help: 'wait' };
    expect((await messages()).at(-1)).toEqual(failed);
  });

  test('of an error that nobody threw on purpose is the engine’s', async () => {
    await link.failed(new RangeError('out of it'));
    const message = 'a child process failed: RangeError: out of it';
    expect((await messages()).at(-1)).toMatchObject({ type: 'failed', code: 'VF_ENGINE', message });
  });

  test('is one: nothing follows it', async () => {
    await link.end('shutdown');
    await link.failed(new Error('too late'));
    link.log.info({}, 'too late');
    expect((await messages()).map((message) => message?.type)).toEqual(['hello', 'end']);
  });

  test('is not waited for where the worker reads nothing', async () => {
    for (let i = 0; i < 20_000; i++) link.log.info({ i, filler: 'x'.repeat(200) }, 'a line');
    await link.failed(new Error('it broke'));
  });

  test('ends the link without being called its loss', async () => {
    await link.end('shutdown');
    await messages();
    expect(gone).toBe(0);
  });
});

test('a worker that is gone is noticed, though nothing is sent', async () => {
  worker.destroy();
  await until('the loss is told', () => gone > 0);
});

test('a worker that was never there is an error', async () => {
  await expect(connectParent(join(directory, 'none'), () => {})).rejects.toThrow('ENOENT');
});
