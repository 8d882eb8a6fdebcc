// The traps of the real npm aws-kcl, each shown to be there, and shown to be harmless behind what we put around it.

import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import kcl, { type KclRecordProcessor } from 'aws-kcl';
import { describe, expect, test } from 'vitest';
import { adapt } from '../../../../../consumers/shared/kcl/child/adapter.ts';
import { ProtocolInput } from '../../../../../consumers/shared/kcl/child/protocol-input.ts';
import { ProtocolOutput } from '../../../../../consumers/shared/kcl/child/protocol-output.ts';
import type { Batch, RecordProcessor } from '../../../../../schemas/processor.ts';
import { ManualClock } from '../../../../fakes/manual-clock.ts';

const INITIALIZE = { action: 'initialize', shardId: 'shardId-000000000000', sequenceNumber: 'LATEST' };

const record = (partitionKey: string) => ({
  action: 'record',
  ...{ data: 'QUJD', partitionKey, sequenceNumber: '1', approximateArrivalTimestamp: 1, subSequenceNumber: 0 },
});

const sink = (): Writable & { text: string } => {
  const output = Object.assign(new Writable({ write: collect }), { text: '' });
  function collect(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    output.text += chunk.toString();
    done();
  }
  return output;
};

const silent: KclRecordProcessor = {
  initialize: () => {},
  processRecords: () => {},
  leaseLost: () => {},
  shardEnded: () => {},
  shutdownRequested: () => {},
};

const idle: RecordProcessor = {
  initialize: async () => {},
  processRecords: async () => {},
  leaseLost: async () => {},
  shardEnded: async () => {},
  shutdownRequested: async () => {},
};

const adapted = (processor: Partial<RecordProcessor> = {}) => {
  const failures: unknown[] = [];
  const over: string[] = [];
  const meter = { count: () => {}, set: () => {}, observe: () => {}, forget: () => {} };
  const adapter = adapt({
    ...{ processor: { ...idle, ...processor }, clock: new ManualClock(), meter, beforeShardEnd: async () => {} },
    onShard: () => {},
    onOver: (how) => over.push(how),
    onFailure: (error) => failures.push(error),
  });
  return { adapter, failures, over };
};

/**
 * Runs the package on a stream. What it throws while it reads a message comes back from `send`; from the standard input
 * of a process it is an uncaught exception.
 */
const running = (processor: KclRecordProcessor, input = new PassThrough(), output: Writable = new PassThrough()) => {
  kcl(processor, input, output, sink()).run();
  return {
    send: async (...messages: readonly object[]): Promise<void> => {
      for (const message of messages) input.write(`${JSON.stringify(message)}\n`);
      for (let i = 0; i < 5; i++) await turn();
    },
  };
};

describe('a partition key with a line separator', () => {
  const message = { action: 'processRecords', records: [record('a\u2028b\u2029c')], millisBehindLatest: 0 };

  test('tears the message for the package alone, which dies of the first half', async () => {
    const { send } = running(silent);
    await expect(send(message)).rejects.toThrow(SyntaxError);
  });

  test('arrives whole through our input', async () => {
    const batches: Batch[] = [];
    const { adapter, failures } = adapted({
      processRecords: async (batch) => {
        batches.push(batch);
      },
    });
    const daemon = new PassThrough();
    const output = sink();
    kcl(adapter.kcl, daemon.pipe(new ProtocolInput()), output, sink()).run();
    daemon.write(`${JSON.stringify(INITIALIZE)}\n`);
    for (let i = 0; i < 5; i++) await turn();
    daemon.write(`${JSON.stringify(message)}\n`);
    for (let i = 0; i < 5; i++) await turn();
    expect(failures).toEqual([]);
    expect(batches[0]?.records[0]?.partitionKey).toBe('a\u2028b\u2029c');
    expect(output.text).toContain('"responseFor":"processRecords"');
  });
});

describe('a full pipe', () => {
  const completing: KclRecordProcessor = { ...silent, initialize: (_input, complete) => complete() };
  /** Takes nothing: one byte is enough to be full. */
  const full = (): Writable => new Writable({ highWaterMark: 1, write: () => {} });

  test('is taken for a broken one by the package, though the message will be sent', async () => {
    const { send } = running(completing, new PassThrough(), full());
    await expect(send(INITIALIZE)).rejects.toThrow('invalid state');
  });

  test('is never seen through our output', async () => {
    const output = new ProtocolOutput(full(), (error) => {
      throw error;
    });
    const { send } = running(completing, new PassThrough(), output);
    await send(INITIALIZE);
    expect(output.writableLength).toBeGreaterThan(0);
  });
});

describe('a second callback', () => {
  test('sends a second status, which the daemon takes for the answer to its next action', async () => {
    const output = sink();
    const twice: KclRecordProcessor = {
      ...silent,
      initialize: (_input, complete) => {
        complete();
        complete();
      },
    };
    const { send } = running(twice, new PassThrough(), output);
    await send(INITIALIZE);
    expect(output.text.match(/"responseFor":"initialize"/g)).toHaveLength(2);
  });

  test('cannot come from a promise', async () => {
    const output = sink();
    const { adapter } = adapted();
    const { send } = running(adapter.kcl, new PassThrough(), output);
    await send(INITIALIZE);
    await send({ action: 'processRecords', records: [], millisBehindLatest: 0 });
    await send({ action: 'leaseLost' });
    expect(output.text.trim().split(/\n+/)).toEqual(
      ['initialize', 'processRecords', 'leaseLost'].map((responseFor) =>
        JSON.stringify({ action: 'status', responseFor }),
      ),
    );
  });
});

describe('a function named shutdown', () => {
  test('makes the package call it for a lost lease, and leaseLost never', async () => {
    const called: string[] = [];
    const processor = {
      ...silent,
      leaseLost: () => called.push('leaseLost'),
      shutdown: (input: { readonly reason: string }) => called.push(`shutdown ${input.reason}`),
    };
    // The declaration forbids it, so the test says that it is one all the same.
    const { send } = running(processor as unknown as KclRecordProcessor);
    await send({ action: 'leaseLost' });
    expect(called).toEqual(['shutdown ZOMBIE']);
  });

  test('is not on our object, even where the processor has one', async () => {
    const called: string[] = [];
    const processor = {
      ...idle,
      shutdown: () => called.push('shutdown'),
      leaseLost: async () => {
        called.push('leaseLost');
      },
    };
    const { adapter, over } = adapted(processor);
    expect('shutdown' in adapter.kcl).toBe(false);
    const { send } = running(adapter.kcl);
    await send(INITIALIZE);
    await send({ action: 'leaseLost' });
    expect(called).toEqual(['leaseLost']);
    expect(over).toEqual(['lease-lost']);
  });
});

describe('an exception', () => {
  test('of a promise would be lost, and the daemon wait for ever: ours is told, and nothing is answered', async () => {
    const output = sink();
    const { adapter, failures } = adapted({
      processRecords: async () => {
        throw new Error('the store is gone');
      },
    });
    const { send } = running(adapter.kcl, new PassThrough(), output);
    await send(INITIALIZE);
    await send({ action: 'processRecords', records: [], millisBehindLatest: 0 });
    await send({ action: 'leaseLost' });
    expect(failures.map(String)).toEqual(['Error: the store is gone']);
    expect(output.text).not.toContain('processRecords');
    expect(output.text).not.toContain('leaseLost');
  });

  test('is what a malformed record is', async () => {
    const { adapter, failures } = adapted();
    const { send } = running(adapter.kcl);
    await send(INITIALIZE);
    await send({ action: 'processRecords', records: [{ ...record('k'), data: 12 }], millisBehindLatest: 0 });
    expect(failures).toMatchObject([{ code: 'VF_ENGINE', message: expect.stringContaining('data of 1 is 12') }]);
  });
});

test('an action that comes before the last one is answered is refused: the package would run both at once', async () => {
  const { adapter, failures } = adapted({ processRecords: () => new Promise(() => {}) });
  const { send } = running(adapter.kcl);
  await send(INITIALIZE);
  await send({ action: 'processRecords', records: [], millisBehindLatest: 0 });
  expect(adapter.doing()).toBe('processRecords');
  await send({ action: 'shutdownRequested' });
  expect(failures.map(String)).toEqual([
    'VpcflowError: the daemon sent shutdownRequested before processRecords was answered',
  ]);
});

test('the end of a shard that the processor did not checkpoint is not answered: it would stall for ever', async () => {
  const output = sink();
  const { adapter, failures } = adapted();
  const { send } = running(adapter.kcl, new PassThrough(), output);
  await send(INITIALIZE);
  await send({ action: 'shardEnded' });
  expect(failures).toMatchObject([{ code: 'VF_CHECKPOINT_FAILED' }]);
  expect(output.text).not.toContain('shardEnded');
});
