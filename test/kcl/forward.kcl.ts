// `--forward` with a process for each shard: children stage, the worker sends, and whoever is killed loses nothing.
import { describe, expect } from 'vitest';
import { idsOf, startFirehose } from '../fakes/firehose-http.ts';
import { until } from '../until.ts';
import { type Bed, READY } from './bed.ts';
import { scenario } from './scenario.ts';
import { times } from './traffic.ts';

/** Of every digest row and reject that is committed, sorted. */
const committedIds = async (bed: Bed): Promise<readonly string[]> =>
  (await bed.commits.all())
    .flatMap(({ objects }) => objects)
    .filter(({ table }) => table === 'digests' || table === 'rejects')
    .flatMap(({ key, rows }) => Array.from({ length: rows }, (_, i) => `${key}#${i}`))
    .sort();

describe.skipIf(!READY)('forwarding', () => {
  scenario('--forward, kill -9 of a child and of the worker', { shards: 2 }, async (bed) => {
    const firehose = await startFirehose();
    try {
      const forwarding = {
        options: ['--forward', 'siem', '--forward-what', 'both'],
        environment: { AWS_ENDPOINT_URL_FIREHOSE: firehose.endpoint },
      };
      firehose.answer = () => 'hang'; // what is committed waits in the spool
      const putting = bed.stream.put(times(900, () => bed.traffic.envelope(20)));
      const first = await bed.start(forwarding);
      await bed.committed(200);
      process.kill((await first.child()).pid, 'SIGKILL');
      expect((await first.gone()).status, first.tail()).toBe(1);
      firehose.answer = (call) => (call % 4 === 3 ? 'lose' : call % 4 === 2 ? { refuse: (i) => i % 2 === 0 } : 'take');
      const second = await bed.start(forwarding);
      await bed.committed(500);
      second.signal('SIGKILL');
      await second.gone();
      const last = await bed.start(forwarding);
      await putting;
      await bed.putClosers();
      await bed.committed(bed.stream.count.records);
      const sent = async (): Promise<boolean> => idsOf(firehose.records).size >= (await committedIds(bed)).length;
      await until('everything is sent', sent, 120);
      expect(await last.metric('forwarded_total')).toBeGreaterThan(0);
      expect(await last.metric('forward_dropped_total')).toBe(0);
      await bed.finish();
      await until('what the end committed is sent', sent, 1);
      expect([...idsOf(firehose.records)].sort()).toEqual(await committedIds(bed));
      expect(new Set(firehose.records).size).toBe(idsOf(firehose.records).size); // the same id is the same line
    } finally {
      await firehose.stop();
    }
  });
});
