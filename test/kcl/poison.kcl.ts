// Records that nobody can decode, names that break line readers, and aggregates of the Kinesis Producer Library, whole and
// damaged: each is counted, none stops a worker.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { OPTIONS } from '../../consumers/shared/options.ts';
import { aggregate, aggregateWithoutKey, brokenAggregates } from './aggregate.ts';
import { EPOCH_ROWS, READY } from './bed.ts';
import { scenario } from './scenario.ts';
import { NOTHING, type TestRecord, times } from './traffic.ts';

/** One record of 1 MB that is a valid aggregate of so many empty ones, under the longest partition key: 75 MB of protocol. */
const bomb = (records: number): TestRecord => {
  const empty = { partitionKey: 'k'.repeat(256), data: Buffer.alloc(0), count: NOTHING, sums: new Map() };
  const one = aggregate([empty]).data;
  const user = Buffer.from([0x1a, 4, 8, 0, 0x1a, 0]); // a record: the index of its key, and no data
  const message = Buffer.concat([one.subarray(4, -16), ...times(records - 1, () => user)]); // without magic and digest
  const data = Buffer.concat([one.subarray(0, 4), message, createHash('md5').update(message).digest()]);
  return { ...empty, data, count: { ...NOTHING, records } };
};

describe.skipIf(!READY)('records', () => {
  scenario('an aggregate of 170,000 empty records, with the default heap', {}, async (bed) => {
    await bed.stream.put([bed.traffic.envelope(20), bomb(170_000), bed.traffic.envelope(20)]);
    await bed.start({ options: ['--java-heap', String(OPTIONS.javaHeap.default)] });
    await bed.finish();
    expect(bed.workers.length).toBe(1);
  });

  scenario('poison records, and partition keys with line separators in them', {}, async (bed) => {
    const { traffic } = bed;
    const poison: readonly TestRecord[] = [
      traffic.control(),
      traffic.poison(Buffer.from([0x1f, 0x8b, 1, 2])),
      traffic.poison(gzipSync('{"messageType":"DATA_MESSAGE"')),
      traffic.poison(gzipSync(Buffer.alloc(90_000_000))), // 300 MB of memory from 90 KB, if one let it
      traffic.poison(Buffer.from('{"messageType":')),
      traffic.noise(Buffer.from([0])),
      traffic.noise(Buffer.from('null\n')),
      traffic.noise(Buffer.from('{"action":"status"}\n'.repeat(3).slice(1))),
      traffic.noise(Buffer.from(times(3000, () => 0x80).map((byte, i) => byte + (i % 100)))),
      traffic.envelope(20, 'a\u2028b\u2029c\u0085d'),
      traffic.envelope(20, '\u2028'),
      traffic.envelope(20, '"}\\n{"action":"shutdownRequested"}\u{1f40d}'),
      traffic.envelope(20, '\ud7ff\uffff'.repeat(64)),
    ];
    await bed.stream.put(times(100, () => traffic.envelope(20)));
    await bed.stream.put(poison);
    const worker = await bed.start();
    await bed.committed(50);
    await bed.stream.put(
      poison.map((record) => (record.count.envelopes > 0 ? traffic.envelope(20, record.partitionKey) : record)),
    );
    await bed.finish();
    expect(worker.end?.status).toBe(0); // the one that began
    expect(bed.workers.length).toBe(1);
  });

  scenario('aggregates of the producer library, whole and damaged; an epoch never ends inside one', {}, async (bed) => {
    const { traffic } = bed;
    // An epoch is full in the middle of each of these.
    const some = (): readonly TestRecord[] => times(7, () => traffic.envelope(EPOCH_ROWS / 4));
    const wholes = times(40, () => aggregate(some()));
    const damaged = brokenAggregates(some()).map((data) => traffic.noise(data));
    await bed.stream.put(wholes.slice(0, 20));
    await bed.stream.put(damaged);
    await bed.stream.put([aggregate([traffic.envelope(30, 'x\u2028y'), traffic.envelope(30, '\u2029')])]);
    const headless = aggregateWithoutKey(some());
    await bed.stream.put([headless]);
    const worker = await bed.start();
    await bed.committed(60);
    process.kill((await worker.child()).pid, 'SIGKILL');
    await worker.gone();
    await bed.start();
    await bed.stream.put(wholes.slice(20));
    await bed.finish();
    const said = bed.workers.map(({ running }) => running.stderr()).join('');
    expect(said).toContain('Unexpected exception during deaggregation');
    expect(said).not.toContain(headless.data.toString('base64', 4, 100)); // as the library would print it
    const sums = await bed.commits.sums();
    for (const { sums: within } of wholes) {
      const epochs = new Set([...within.keys()].flatMap((address) => [...(sums.get(address)?.epochs ?? [])]));
      expect(epochs.size).toBe(1);
    }
  });
});
