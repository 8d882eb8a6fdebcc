// A checkpoint that is refused because somebody else has the shard: the rest of the batch is theirs.
import { expect, test } from 'vitest';
import { DigestProcessor } from '../../../consumers/digest/processor.ts';
import { parseWatermark } from '../../../pipeline/documents.ts';
import { watermarkKey } from '../../../pipeline/keys.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { SHARD, STREAM, written } from '../../audited-store.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';

test('one epoch is committed, nothing of the next is claimed, and the shard is not called ended', async () => {
  const store = new MemoryStore();
  const records = written(4);
  const processor = new DigestProcessor({
    ...{ store, stream: STREAM, settings: DEFAULT_SETTINGS, workerId: 'w' },
    clock: new ManualClock(records.at(-1)!.arrival),
    history: () => ({ firstFrom: async () => null, firstAfter: async () => null }),
  });
  const lost = new VpcflowError('VF_LEASE_LOST', 'the checkpoint was not stored');
  const checkpointer = { checkpoint: () => Promise.reject(lost) };
  await processor.initialize({ shardId: SHARD, position: 'TRIM_HORIZON' });
  await processor.processRecords({ records, millisBehindLatest: 0, checkpointer });
  const count = (table: string): number => [...store.backing.keys()].filter((key) => key.startsWith(table)).length;
  expect([count('claims/'), count('commits/')]).toEqual([1, 1]);
  const before = [...store.backing.keys()];
  await expect(processor.shardEnded({ checkpointer })).rejects.toThrow(VpcflowError);
  await processor.processRecords({ records, millisBehindLatest: 0, checkpointer });
  await processor.leaseLost();
  expect([...store.backing.keys()]).toEqual(before);
  const stored = store.backing.get(watermarkKey(STREAM, SHARD));
  if (stored !== undefined) expect(parseWatermark('', stored)).toMatchObject({ ended: false });
});
