// The life of a real child process between a daemon and a worker that are played by hand: how it answers, and how it ends.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from '../../../../source-files.ts';
import { until } from '../../../../until.ts';
import { HandDaemon } from './hand-daemon.ts';

const CHILD = join(ROOT, 'test/consumers/shared/kcl/child/odd-child.ts');
const SHARD = 'shardId-000000000000';
const PATIENCE = 120_000; // ms: starting a process on a busy machine

let directory: string;
const daemons: HandDaemon[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-child-'));
});
afterEach(async () => {
  await Promise.all(daemons.splice(0).map((daemon) => daemon.stop()));
  await rm(directory, { recursive: true });
});

const notes = async (): Promise<readonly string[]> =>
  (await readFile(join(directory, 'notes'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

const status = (responseFor: string) => ({ action: 'status', responseFor });
const initialize = { action: 'initialize', shardId: SHARD, sequenceNumber: '41', subSequenceNumber: 0 };

/** A batch whose records tell the processor what to do. */
const batch = (...keys: readonly string[]) => ({
  action: 'processRecords',
  millisBehindLatest: 0,
  records: keys.map((partitionKey, i) => ({
    ...{ action: 'record', data: 'QUJD', partitionKey, sequenceNumber: String(42 + i) },
    ...{ approximateArrivalTimestamp: 1_700_000_000_000, subSequenceNumber: 0 },
  })),
});

/** A child that has begun with its shard. */
const begun = async (): Promise<HandDaemon> => {
  const configuration = { notes: join(directory, 'notes'), gate: join(directory, 'gate') };
  const daemon = await HandDaemon.start(CHILD, configuration);
  daemons.push(daemon);
  expect(await daemon.ask(initialize)).toEqual(status('initialize'));
  return daemon;
};

const lastLogged = (daemon: HandDaemon): unknown =>
  daemon.link.flatMap((one) => (one.type === 'log' ? [[one.message, one.fields]] : [])).at(-1);

const clean = { status: 0, signal: null };
const dead = { status: 1, signal: null };

describe('a child ends with 0', { timeout: PATIENCE }, () => {
  test('when its lease is lost and the daemon closes the input', async () => {
    const daemon = await begun();
    expect(await daemon.ask({ action: 'leaseLost' })).toEqual(status('leaseLost'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
    expect(await notes()).toEqual(['initialize 41', 'leaseLost', 'closed']);
    expect(daemon.link.map(({ type }) => type)).toEqual(['hello', 'shard', 'log', 'log', 'end']);
    expect(daemon.link.at(-1)).toEqual({ type: 'end', reason: 'lease-lost' });
    expect(lastLogged(daemon)).toEqual(['this worker has given the shard up', { how: 'lease-lost' }]);
  });

  test('when it is shut down: the lease that is lost then is part of that', async () => {
    const daemon = await begun();
    expect(await daemon.ask({ action: 'shutdownRequested' })).toEqual(status('shutdownRequested'));
    expect(await daemon.ask({ action: 'leaseLost' })).toEqual(status('leaseLost'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
    expect(daemon.link.at(-1)).toEqual({ type: 'end', reason: 'shutdown' });
    expect(daemon.link.map(({ type }) => type)).toEqual(['hello', 'shard', 'log', 'log', 'end']);
    expect(lastLogged(daemon)).toEqual(['this worker has given the shard up', { how: 'shutdown' }]);
  });

  test('when its shard has ended: the children are made known first, and SHARD_END is checkpointed', async () => {
    const daemon = await begun();
    expect(await daemon.ask({ action: 'shardEnded' })).toEqual({ action: 'checkpoint', sequenceNumber: null });
    expect(await daemon.ask({ action: 'checkpoint', sequenceNumber: null, error: null })).toEqual(status('shardEnded'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
    expect(await notes()).toEqual(['initialize 41', 'before the end', 'shardEnded', 'closed']);
    expect(daemon.link.at(-1)).toEqual({ type: 'end', reason: 'shard-ended' });
    expect(lastLogged(daemon)).toEqual(['the shard is read to its end', { how: 'shard-ended' }]);
  });

  test('when the daemon ends between two messages', async () => {
    const daemon = await begun();
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
    expect(daemon.link.at(-1)).toEqual({ type: 'end', reason: 'input-closed' });
  });

  test('and not of a signal that a service manager sends to all: that is for the daemon to decide', async () => {
    const daemon = await begun();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) daemon.kill(signal);
    expect(await daemon.ask(batch('nothing'))).toEqual(status('processRecords'));
    expect(await daemon.ask(batch())).toEqual(status('processRecords'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
  });
});

describe('a child ends with 1, and answers nothing more,', { timeout: PATIENCE }, () => {
  const endsOf = async (daemon: HandDaemon, key: string): Promise<void> => {
    const before = daemon.lines.length;
    await daemon.send(batch(key, 'checkpoint'));
    expect(await daemon.exit()).toEqual(dead);
    expect(daemon.lines.slice(before)).toEqual([]);
    expect(await notes()).toEqual(['initialize 41', 'records 2']);
    expect(daemon.link.at(-1)?.type).toBe('failed');
  };

  test.each([
    ['throw', 'a child process failed: Error: it is broken'],
    ['throw later', 'a child process failed: Error: it broke later'],
    ['reject unseen', 'a child process failed: Error: nobody looked'],
  ])('when its processor does this: %s', async (key, message) => {
    const daemon = await begun();
    await endsOf(daemon, key);
    expect(daemon.failure).toBe(`VF_ENGINE: ${message}`);
    const [log] = daemon.link.filter((one) => one.type === 'log' && one.level === 'error');
    expect(JSON.stringify(log)).toContain('odd-child.ts'); // where it happened
  });

  test('even when its processor goes on, while the worker does not listen to what happened', async () => {
    const daemon = await begun();
    daemon.pauseLink();
    expect(await daemon.ask(batch('flood'))).toEqual(status('processRecords'));
    const before = daemon.lines.length;
    await daemon.send(batch('throw aside', 'checkpoint'));
    expect(await daemon.exit()).toEqual(dead);
    expect(await notes()).toContain('went on');
    expect(daemon.lines.slice(before)).toEqual([]);
  });

  test('when the input ends in the middle of an action', async () => {
    const daemon = await begun();
    await daemon.send(batch('hang'));
    await until('the batch is taken', async () => (await notes()).includes('records 1'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(dead);
    expect(daemon.failure).toBe('VF_ENGINE: the daemon closed the input in the middle of processRecords');
    expect(daemon.lines).toHaveLength(1);
  });

  test('when the input ends while a checkpoint is asked for', async () => {
    const daemon = await begun();
    expect(await daemon.ask(batch('checkpoint'))).toEqual({ action: 'checkpoint', sequenceNumber: '42' });
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(dead);
    expect(daemon.lines).toHaveLength(2);
  });

  test('when its worker is gone, whatever it is doing', async () => {
    const [idle, busy] = [await begun(), await begun()];
    await busy.send(batch('hang'));
    idle.dropLink();
    busy.dropLink();
    expect(await Promise.all([idle.exit(), busy.exit()])).toEqual([dead, dead]);
    expect(idle.link.concat(busy.link).map(({ type }) => type)).not.toContain('end');
  });

  test.each(['{"action":"processRecords"', '{}', '{"action":"polka"}', '{"action":"checkpoint","sequenceNumber":"1"}'])(
    'when the daemon sends what is no message: %s',
    async (text) => {
      const daemon = await begun();
      await daemon.send(text);
      expect(await daemon.exit()).toEqual(dead);
      expect(daemon.failure).toContain('VF_ENGINE: ');
      expect(daemon.lines).toHaveLength(1);
    },
  );

  test('when the shard’s end cannot be checkpointed', async () => {
    const daemon = await begun();
    await daemon.ask({ action: 'shardEnded' });
    await daemon.send({ action: 'checkpoint', sequenceNumber: null, error: 'ShutdownException' });
    expect(await daemon.exit()).toEqual(dead);
    expect(daemon.failure).toContain('VF_LEASE_LOST');
    expect(daemon.lines).toHaveLength(2);
  });

  test('when nobody started it as a worker does', async () => {
    const daemon = await HandDaemon.start(CHILD, {}, { VPCFLOW_KCL_CHILD: join(directory, 'none.json') });
    daemons.push(daemon);
    expect(await daemon.exit()).toEqual(dead);
    expect(daemon.stderr).toMatch(/^vpcflow: the child file .* cannot be read.*\(VF_ENGINE\)\n$/);
    expect(daemon.lines).toEqual([]);
  });
});

describe('the protocol', { timeout: PATIENCE }, () => {
  test('is out of reach of whatever is written to standard output', async () => {
    const daemon = await begun();
    expect(await daemon.ask(batch('write', 'write'))).toEqual(status('processRecords'));
    expect(await daemon.ask({ action: 'leaseLost' })).toEqual(status('leaseLost'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
    expect(daemon.lines).toHaveLength(3);
    expect(daemon.stderr.match(/null/g)).toHaveLength(2);
    expect(daemon.stderr).toContain('glued');
  });

  test('carries a partition key with line separators to the processor', async () => {
    const daemon = await begun();
    expect(await daemon.ask(batch('a\u2028b', '\u2029', '\u2028\u2028'))).toEqual(status('processRecords'));
    expect(await notes()).toContain('records 3');
  });

  test('has no answer to a batch that the processor has not finished', async () => {
    const daemon = await begun();
    const before = daemon.lines.length;
    await daemon.send(batch('wait'));
    await until('the batch is taken', async () => (await notes()).includes('records 1'));
    expect(daemon.lines).toHaveLength(before);
    await writeFile(join(directory, 'gate'), '');
    expect(await daemon.answer(before)).toEqual(status('processRecords'));
  });

  test('goes on while the worker reads nothing of a flood of log lines, of which some are dropped', async () => {
    const daemon = await begun();
    daemon.pauseLink();
    expect(await daemon.ask(batch('flood'))).toEqual(status('processRecords'));
    daemon.resumeLink();
    expect(await daemon.ask(batch('flood'))).toEqual(status('processRecords'));
    daemon.closeInput();
    expect(await daemon.exit()).toEqual(clean);
    expect(daemon.metric('records', 'sum')).toBe(200_000);
    const lines = daemon.link.filter((message) => message.type === 'log');
    const dropped = lines.map(({ fields }) => Number(fields.dropped ?? 0)).reduce((sum, n) => sum + n, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(lines.filter(({ message }) => message === 'a line').length + dropped).toBe(200_000);
  });
});
