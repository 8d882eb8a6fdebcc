// Checkpoints of the embedded engine as metrics: those that are durable, and the end of a shard that is not.
import { expect, test } from 'vitest';
import { Checkpoints } from '../../../../consumers/shared/embedded/checkpoints.ts';
import { countedCheckpoints } from '../../../../consumers/shared/embedded/counted-checkpoints.ts';
import { prometheusMeter } from '../../../../consumers/shared/metrics/prometheus.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';

test('what is durable is counted, where a shard begins is not, and a failed end is', async () => {
  const store = new MemoryStore();
  const { meter, registry } = prometheusMeter();
  const checkpoints = countedCheckpoints(new Checkpoints(store, 'app', 'stream'), meter);
  const after = { kind: 'after', sequenceNumber: '7', arrival: 1 } as const;
  await checkpoints.put('a', { kind: 'start', at: null });
  await checkpoints.put('a', after);
  await checkpoints.put('b', { kind: 'end' });
  expect(await checkpoints.get('a')).toEqual(after);
  store.hooks.beforeEach = () => {
    throw new Error('disk full');
  };
  await expect(checkpoints.put('a', after)).rejects.toThrow('disk full');
  await expect(checkpoints.put('a', { kind: 'end' })).rejects.toThrow('disk full');
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('vpcflow_checkpoint'));
  expect(lines).toEqual([
    'vpcflow_checkpoints_total{shard="a"} 1',
    'vpcflow_checkpoints_total{shard="b"} 1',
    'vpcflow_checkpoint_failures_total{shard="a"} 1',
  ]);
});
