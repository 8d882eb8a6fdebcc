// The counters: each thing is counted once, lines add up, and sums stay exact at any size.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tally } from '../../../pipeline/decode/tally.ts';
import { Flow, NULL } from '../../../pipeline/flow.ts';

const flowOf = (packets: number, bytes: number, start = NULL, end = NULL): Flow => {
  const flow = new Flow();
  flow.sums[0] = packets;
  flow.sums[1] = bytes;
  flow.start = start;
  flow.end = end;
  return flow;
};

test('sums are exact, and a measure that is NULL is none', () => {
  const measure = fc.oneof(fc.constant(NULL), fc.maxSafeNat(), fc.integer({ min: 2 ** 52 - 2, max: 2 ** 52 + 2 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(measure, measure)), (flows) => {
      const tally = new Tally();
      for (const [packets, bytes] of flows) tally.flow(flowOf(packets, bytes));
      const sum = (values: readonly number[]): bigint =>
        values.reduce((total, value) => total + (value === NULL ? 0n : BigInt(value)), 0n);
      const counts = tally.counts();
      expect(counts.flows).toBe(flows.length);
      expect(counts.packets).toBe(sum(flows.map(([packets]) => packets)));
      expect(counts.bytes).toBe(sum(flows.map(([, bytes]) => bytes)));
    }),
  );
});

test('every counter counts itself, and lines what became of them', () => {
  const tally = new Tally();
  tally.record();
  tally.envelope();
  tally.control();
  tally.duplicate();
  tally.overlap();
  tally.flow(flowOf(1, 2));
  tally.nodata(flowOf(NULL, NULL));
  tally.skipdata();
  tally.event();
  tally.reject('line', 'decoder_error');
  tally.reject('envelope', 'decoder_error');
  tally.reject('envelope', 'envelope_truncated');
  tally.decompressed(10);
  tally.decompressed(5);
  expect(tally.decompressedBytes).toBe(15);
  expect(tally.lines).toBe(5);
  expect(tally.counts()).toEqual({
    records: 1,
    envelopes: 1,
    control: 1,
    duplicates: 1,
    overlaps: 1,
    lines: 5,
    flows: 1,
    nodata: 1,
    skipdata: 1,
    events: 1,
    rejects: { total: 3, lines: 1, envelopes: 2, by_reason: { decoder_error: 2, envelope_truncated: 1 } },
    packets: 1n,
    bytes: 2n,
  });
});

test('the longest interval is that of a flow or a NODATA line that has both times', () => {
  const tally = new Tally();
  tally.flow(flowOf(1, 1, 100, 160));
  tally.nodata(flowOf(NULL, NULL, 100, 700));
  tally.flow(flowOf(1, 1, NULL, 1e9));
  tally.flow(flowOf(1, 1, 500, 400));
  expect(tally.longestInterval).toBe(600);
});

test('lines that are left out are counted as skipped, and their sums taken back exactly', () => {
  const most = 2 ** 53 - 1;
  const tally = new Tally();
  for (let i = 0; i < 3; i++) tally.flow(flowOf(most, i));
  tally.nodata(flowOf(NULL, NULL));
  tally.skipdata();
  tally.skip({ flows: 2, nodata: 1, skipdata: 0, packets: 2n * BigInt(most), bytes: 1n });
  expect(tally.counts()).toMatchObject({ lines: 5, flows: 1, nodata: 0, skipdata: 1, skipped: 3 });
  expect(tally.counts()).toMatchObject({ packets: BigInt(most), bytes: 2n });
  tally.skip({ flows: 1, nodata: 0, skipdata: 1, packets: BigInt(most), bytes: 2n });
  expect(tally.counts()).toMatchObject({ lines: 5, flows: 0, skipdata: 0, skipped: 5, packets: 0n, bytes: 0n });
  expect(Object.keys(new Tally().counts())).not.toContain('skipped');
});
