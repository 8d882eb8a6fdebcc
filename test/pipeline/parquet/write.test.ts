// Holds the streaming writer to its promise about failures: what the batches throw is what the caller sees.
import type { RecordBatch } from 'apache-arrow';
import { expect, test } from 'vitest';
import { encodeDigest } from '../../../pipeline/parquet/encode.ts';
import { writeParquet } from '../../../pipeline/parquet/write.ts';
import { digestOf } from '../graph/plain-flows.ts';

const failing: Iterator<RecordBatch> = {
  next: () => {
    throw new RangeError('no memory for the batch');
  },
};

test('a failing batch fails the file with its own error, and the writer lives on', async () => {
  await expect(writeParquet(failing, { groupRows: 10, plain: [], measures: [], metadata: new Map() })).rejects.toThrow(
    new RangeError('no memory for the batch'),
  );
  const flow = { minute: 28_333_333, keys: { srcaddr: '10.0.0.1' }, sums: {}, start: null, end: null, tcpFlags: null };
  const files = await Promise.all([1, 2, 3].map(() => Array.fromAsync(encodeDigest(digestOf([flow])))));
  expect(files.map((tables) => tables.map(({ rows }) => rows))).toEqual([[1], [1], [1]]);
});
