// Feeds records to the real processor of one shard over a directory store: claim, data, commit, as in production.
import { DigestProcessor } from '../../consumers/digest/processor.ts';
import { openStore } from '../../consumers/shared/store/open.ts';
import type { StreamRecord } from '../../schemas/processor.ts';
import { DEFAULT_SETTINGS } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { FIRST_SECOND } from './traffic.ts';

const ARRIVAL = (FIRST_SECOND + 900) * 1000; // ms
const RECORDS_A_BATCH = 100;

/** Digests the records, all of one arrival minute, into the directory. */
export const digestInto = async (directory: string, records: Iterable<Buffer>): Promise<ObjectStore> => {
  const store = await openStore(directory);
  const processor = new DigestProcessor({
    store,
    stream: '123456789012.us-east-1.bench',
    settings: DEFAULT_SETTINGS,
    workerId: 'bench',
    clock: { now: () => ARRIVAL, sleep: () => Promise.resolve() },
    history: () => ({ firstFrom: () => Promise.resolve(null), firstAfter: () => Promise.resolve(null) }),
  });
  const checkpointer = { checkpoint: () => Promise.resolve() };
  await processor.initialize({ shardId: 'shardId-000000000000', position: 'TRIM_HORIZON' });
  let sequence = 1;
  let batch: StreamRecord[] = [];
  const process = async (): Promise<void> => {
    await processor.processRecords({ records: batch, millisBehindLatest: 60_000, checkpointer });
    batch = [];
  };
  for (const data of records) {
    const sequenceNumber = String(sequence++);
    batch.push({ sequenceNumber, subSequenceNumber: 0, partitionKey: sequenceNumber, data, arrival: ARRIVAL });
    if (batch.length === RECORDS_A_BATCH) await process();
  }
  await process();
  await processor.shutdownRequested({ checkpointer });
  return store;
};
