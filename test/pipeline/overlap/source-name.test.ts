// Names of sources are told apart, and are the inverse of what the layout makes of their parts.
import { expect, test } from 'vitest';
import { backfillSource, padSequence, replaySource, streamSource, tableKey } from '../../../pipeline/keys.ts';
import { parseSource, sourceOfFile } from '../../../pipeline/overlap/source-name.ts';

const IDENTITY = 'ab'.repeat(32);
const STREAM = '123456789012.eu-west-1.flows-of-backfill-1';
const SHARD = 'shardId-000000000007';

test('each kind of source is parsed to what it was made of', () => {
  const epoch = streamSource(STREAM, SHARD, '42');
  expect(parseSource(epoch)).toEqual({ kind: 'epoch', stream: STREAM, shard: SHARD, after: padSequence('42') });
  const part = backfillSource(IDENTITY, 12);
  expect(parseSource(part)).toEqual({ kind: 'part', identity: IDENTITY, part: 12 });
  for (const of of [epoch, part]) {
    expect(parseSource(replaySource(of, 3))).toEqual({ kind: 'replay', replay: 3, of });
  }
  expect(parseSource('backfill-short-000001')).toBeNull();
  expect(parseSource('notes')).toBeNull();
});

test('the source of a file is that of any of its pieces, also where a name has dots', () => {
  for (const source of [streamSource(STREAM, SHARD, '42'), backfillSource(IDENTITY, 0)]) {
    for (const piece of [0, 1, 12]) {
      expect(sourceOfFile(tableKey('coverage', 'date=2026-11-20/hour=05', source, piece))).toBe(source);
    }
  }
});
