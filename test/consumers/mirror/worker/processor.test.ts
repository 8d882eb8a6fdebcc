// One shard of events: a batch is one turn, the checkpoint comes after it, and nothing that is wrong with a record ends it.
import { expect, test } from 'vitest';
import type { Turn, TurnReport } from '../../../../consumers/mirror/turn/work.ts';
import { MirrorProcessor } from '../../../../consumers/mirror/worker/processor.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { StreamRecord } from '../../../../schemas/processor.ts';
import { findingEvent, stateEvent } from '../bridge-events.ts';
import { MeasuredMeter } from '../turn/measured-meter.ts';
import { rulesOf } from '../turn/work-bed.ts';

const AT = Date.UTC(2026, 10, 20, 5);
const SHARD = 'shardId-000000000000';

const record = (n: number, data: Buffer): StreamRecord => ({
  ...{ sequenceNumber: String(n), subSequenceNumber: 0, partitionKey: 'p', data, arrival: AT },
});
const records = (...events: readonly object[]): readonly StreamRecord[] =>
  events.map((event, n) => record(n + 1, Buffer.isBuffer(event) ? event : Buffer.from(JSON.stringify(event))));

interface Trouble {
  readonly fail?: Error | null;
  readonly checkpoint?: (sequence?: string) => Promise<void>;
}

const opened = async ({ fail = null, checkpoint = async () => undefined }: Trouble = {}) => {
  const turns: Turn[] = [];
  const meter = new MeasuredMeter();
  const lines: string[] = [];
  const say = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`);
  const work = {
    turn: async (turn: Turn): Promise<TurnReport> => {
      turns.push(turn);
      if (fail !== null) throw fail;
      return { rounds: [] };
    },
  };
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const processor = new MirrorProcessor({ work, rules: rulesOf(), meter, log });
  await processor.initialize({ shardId: SHARD, position: 'TRIM_HORIZON' });
  const stored: (string | undefined)[] = [];
  const checkpointer = {
    checkpoint: async (sequence?: string) => {
      await checkpoint(sequence);
      stored.push(sequence);
    },
  };
  const deliver = (batch: readonly StreamRecord[], behind: number | null = 0) =>
    processor.processRecords({ records: batch, millisBehindLatest: behind, checkpointer });
  return { processor, turns, meter, lines, stored, checkpointer, deliver };
};

test('a batch is one turn, and is checkpointed at its last record when the turn is over', async () => {
  const { turns, stored, deliver, meter } = await opened();
  await deliver(
    records(
      findingEvent({ id: 'a', instance: 'i-0', at: AT }),
      findingEvent({ id: 'b', instance: 'i-1', at: AT }),
      stateEvent('i-2', 'terminated', AT),
      Buffer.from([0x1f, 0x8b, 0]),
    ),
    1500,
  );
  expect(turns).toHaveLength(1);
  expect(turns[0].requests?.map(({ request }) => request.instances)).toEqual([['i-0'], ['i-1']]);
  expect(turns[0].ignored?.map(({ reason }) => reason)).toEqual(['malformed']);
  expect(turns[0].housekeeping).toEqual(['us-east-1']);
  expect(stored).toEqual(['4']);
  expect(meter.of('millisBehindLatest')).toEqual({ [`millisBehindLatest ${SHARD}`]: 1500 });
  expect(meter.values[`records ${SHARD}`]).toBe(4);
  expect(meter.values['mirrorEvents sample']).toBe(0); // there from the start
});

test('empty batches, and those of a shard that is lost, ask for nothing and checkpoint nothing', async () => {
  const { turns, stored, deliver, processor, checkpointer } = await opened();
  await deliver([]);
  await processor.leaseLost();
  await deliver(records(findingEvent({ id: 'a', instance: 'i-0', at: AT })));
  expect(turns).toEqual([]);
  expect(stored).toEqual([]);
  await expect(processor.shardEnded({ checkpointer })).rejects.toMatchObject({ code: 'VF_LEASE_LOST' });
});

test('a batch that asks for nothing at all is checkpointed without a turn', async () => {
  const { turns, stored, deliver } = await opened();
  await deliver(records({ ...stateEvent('i-2', 'terminated', AT), region: 'eu-west-1' }));
  expect(turns).toEqual([]);
  expect(stored).toEqual(['1']);
});

test('a turn that fails ends the worker without a checkpoint', async () => {
  const { stored, deliver } = await opened({ fail: new VpcflowError('VF_STORE_UNREACHABLE', 'away') });
  const batch = records(findingEvent({ id: 'a', instance: 'i-0', at: AT }));
  await expect(deliver(batch)).rejects.toMatchObject({ code: 'VF_STORE_UNREACHABLE' });
  expect(stored).toEqual([]);
});

test('a checkpoint that fails loses nothing; one that fails because the lease is lost ends the work on the shard', async () => {
  const errors = [new VpcflowError('VF_CHECKPOINT_FAILED', 'busy'), new VpcflowError('VF_LEASE_LOST', 'stolen')];
  const checkpoint = async (): Promise<void> => {
    const error = errors.shift();
    if (error !== undefined) throw error;
  };
  const { turns, stored, deliver, meter, lines } = await opened({ checkpoint });
  const batch = records(findingEvent({ id: 'a', instance: 'i-0', at: AT }));
  await deliver(batch);
  await deliver(batch);
  await deliver(batch);
  expect(turns).toHaveLength(2);
  expect(stored).toEqual([]);
  expect(meter.of('checkpointFailures')).toEqual({ [`checkpointFailures ${SHARD}`]: 2 });
  expect(lines).toHaveLength(2);
});

test('the end of a shard is checkpointed', async () => {
  const { processor, stored, checkpointer } = await opened();
  await processor.shutdownRequested();
  expect(stored).toEqual([]);
  await processor.shardEnded({ checkpointer });
  expect(stored).toEqual([undefined]);
});
