// What a shard costs: the requests to the store of one epoch, and of a minute in which nothing arrives.
import { expect, test } from 'vitest';
import { DigestProcessor } from '../../../consumers/digest/processor.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { written } from '../../audited-store.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';

const SECOND = 1000;

test('an epoch takes two gets, two puts of evidence and one for each table; a watermark follows every ten seconds', async () => {
  const requests: string[] = [];
  const store = new MemoryStore().client({
    beforeEach: async (operation, key) => {
      requests.push(`${operation} ${key.split('/')[0]}`);
    },
  });
  const records = written(4);
  const begin = records[0]!.arrival;
  const clock = new ManualClock(begin);
  const processor = new DigestProcessor({
    ...{ store, stream: '123456789012.eu-west-1.flows', settings: DEFAULT_SETTINGS, workerId: 'w', clock },
    history: () => ({ firstFrom: async () => null, firstAfter: async () => null }),
  });
  const checkpointer = { checkpoint: async () => undefined };
  /** Batches of one minute, one a second as the Client Library asks for them. */
  const minute = async (n: number): Promise<Record<string, number>> => {
    requests.length = 0;
    for (let second = 0; second < 60; second++) {
      const from = begin + (n * 60 + second) * SECOND;
      await clock.advanceTo(from);
      const due = records.filter(({ arrival }) => arrival >= from && arrival < from + SECOND);
      await processor.processRecords({ records: due, millisBehindLatest: 0, checkpointer });
    }
    const counts: Record<string, number> = {};
    for (const request of requests.sort()) counts[request] = (counts[request] ?? 0) + 1;
    return counts;
  };
  await processor.initialize({ shardId: 'shardId-000000000000', position: 'TRIM_HORIZON' });
  await minute(0);
  await minute(1);
  // It closes the epoch of the minute before, in which there was a damaged line but no coverage.
  expect(await minute(2)).toEqual({
    ...{ 'get claims': 1, 'get commits': 1, 'put claims': 1, 'put commits': 1, 'put watermarks': 6 },
    ...{ 'put digests': 1, 'put identities': 1, 'put rejects': 1 },
  });
  for (let n = 3; n < 6; n++) await minute(n);
  expect(await minute(6), 'nothing arrived').toEqual({ 'put watermarks': 6 });
});
