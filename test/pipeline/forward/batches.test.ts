// Batches of records: the limits of a call are never passed, nothing is lost, the order is kept, and no call is wasted.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batcher, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES } from '../../../pipeline/forward/batches.ts';

const bytesOf = (batch: readonly Uint8Array[]): number => batch.reduce((sum, { length }) => sum + length, 0);

const batched = (records: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] => {
  const batcher = new Batcher();
  const full = records.map((record) => batcher.add(record)).filter((batch) => batch !== null);
  const rest = batcher.end();
  expect(batcher.end()).toBeNull();
  return rest === null ? full : [...full, rest];
};

const memory = new Uint8Array(MAX_RECORD_BYTES);
/** Records of any sizes, small ones and the largest, as views of one buffer. */
const records = fc
  .array(
    fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: MAX_RECORD_BYTES - 2, max: MAX_RECORD_BYTES })),
    {
      maxLength: 1600,
      size: 'max',
    },
  )
  .map((sizes) => sizes.map((size) => memory.subarray(0, size)));

test('every record is in one batch, in order, and no batch passes a limit', () => {
  fc.assert(
    fc.property(records, (given) => {
      const made = batched(given);
      // The same arrays, not only equal ones: they are large.
      const all = made.flat();
      expect(all.length).toBe(given.length);
      expect(all.every((record, i) => record === given[i])).toBe(true);
      for (const batch of made) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(MAX_BATCH_RECORDS);
        expect(bytesOf(batch)).toBeLessThanOrEqual(MAX_BATCH_BYTES);
      }
      // The first record of a batch would not have gone into the one before.
      made.slice(1).forEach((batch, i) => {
        const before = made[i]!;
        const fits = before.length < MAX_BATCH_RECORDS && bytesOf(before) + batch[0]!.length <= MAX_BATCH_BYTES;
        expect(fits).toBe(false);
      });
    }),
    { numRuns: 50 },
  );
});

test('500 records fill a call, and the 501st begins the next', () => {
  const batcher = new Batcher();
  for (let i = 0; i < MAX_BATCH_RECORDS; i++) expect(batcher.add(memory.subarray(0, 1))).toBeNull();
  expect(batcher.add(memory.subarray(0, 2))).toHaveLength(MAX_BATCH_RECORDS);
  expect(batcher.end()).toEqual([memory.subarray(0, 2)]);
});
