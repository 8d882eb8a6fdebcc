// Checkpoints that are throttled and fail, envelopes that come again, and a worker that is told to begin from the start.
import { describe, expect } from 'vitest';
import { random } from '../faults/world.ts';
import { READY } from './bed.ts';
import { dynamoError, forwardAll, type ProxiedRequest } from './fault-proxy.ts';
import { scenario } from './scenario.ts';
import { redelivered, type TestRecord, times } from './traffic.ts';

/** Whether a request to DynamoDB stores a checkpoint: the library renews a lease without naming one. */
const isCheckpoint = ({ headers, body }: ProxiedRequest): boolean => {
  if (!String(headers['x-amz-target']).endsWith('.UpdateItem')) return false;
  const { AttributeUpdates = {} }: { AttributeUpdates?: object } = JSON.parse(body.toString());
  return 'checkpoint' in AttributeUpdates;
};

describe.skipIf(!READY)('checkpoints', () => {
  scenario('checkpoints are throttled, then fail for good, then the child is killed', {}, async (bed) => {
    const proxy = await bed.dynamoProxy();
    let refused = 0;
    const environment = { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
    await bed.stream.put(times(100, () => bed.traffic.envelope(50)));
    const worker = await bed.start({ environment });
    await bed.committed(50);
    proxy.decide = async (request, forward) => {
      if (!isCheckpoint(request)) return await forward();
      refused++;
      return refused % 2 === 1
        ? dynamoError(400, 'ProvisionedThroughputExceededException')
        : dynamoError(500, 'InternalServerError');
    };
    await bed.stream.put(times(100, () => bed.traffic.envelope(50)));
    await bed.until('a checkpoint is tried again', async () => (await worker.metric('checkpoint_retries_total')) > 0);
    await bed.until('a checkpoint has failed', async () => (await worker.metric('checkpoint_failures_total')) > 0, 180);
    const { pid } = await worker.child();
    process.kill(pid, 'SIGKILL');
    await worker.gone();
    proxy.decide = forwardAll;
    // What it committed after its last checkpoint comes again, and is skipped.
    const lease = (await bed.leases()).get('shardId-000000000000');
    expect(BigInt(lease?.checkpoint ?? 0)).toBeLessThan(BigInt(await bed.chainEnd('shardId-000000000000')));
    await bed.start({ environment });
    await bed.finish();
  });

  scenario('every tenth envelope comes again, across a restart; then --rewind', { shards: 2 }, async (bed, seed) => {
    const chance = random(seed);
    const sent: TestRecord[] = [];
    /** Every tenth is one that came before, from the first half too when this is the second. */
    const half = (): readonly TestRecord[] =>
      times(500, () => {
        const again = sent.length > 0 && chance() < 0.1;
        const record = again ? sent[Math.floor(chance() * sent.length)]! : bed.traffic.envelope(20);
        if (!again) sent.push(record);
        return again ? redelivered(record) : record;
      });
    await bed.stream.put(half());
    const worker = await bed.start();
    await bed.committed(200);
    await bed.stop(worker);
    await bed.stream.put(half());
    await bed.start();
    await bed.finish();
    expect(bed.stream.count.duplicates).toBeGreaterThan(50);

    const epochs = (await bed.commits.all()).length;
    const rewound = await bed.start({ options: ['--rewind'] });
    await bed.until(
      'everything is read again',
      async () => (await rewound.metric('records_total')) >= bed.stream.count.records,
    );
    expect((await bed.commits.all()).length).toBe(epochs); // and skipped
    await bed.stream.put(half());
    await bed.finish();
  });
});
