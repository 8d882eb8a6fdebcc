// What one record of the stream may bring: past it the rest is one reject, and an object has no such limit.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../pipeline/decode/decode.ts';
import { EPOCH_BOUNDS, EpochContents } from '../../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { ARRIVAL, decodeChunks, decodeRecords, envelope, flowLine, SECOND } from './decoded.ts';

const hourly = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => flowLine(1, 100, SECOND - n * 3600));

describe('a record', () => {
  it('of a million rejected lines is cut off there', async () => {
    const bomb = gzipSync(Buffer.from('x\n'.repeat(1_500_000)));
    const { counts } = await decodeRecords([bomb]);
    expect(counts.rejects).toEqual({
      total: 1_000_001,
      lines: 1_000_000,
      envelopes: 1,
      by_reason: { token_count: 1_000_000, envelope_too_large: 1 },
    });
    expect(counts.lines).toBe(1_000_000);
  });

  it('of more than 10,000 hours is cut off there', async () => {
    const { counts } = await decodeRecords([envelope(hourly(10_050))]);
    expect([counts.flows, counts.envelopes]).toEqual([10_001, 1]);
    expect(counts.rejects.by_reason).toEqual({ envelope_too_large: 1 });
  });
});

it('an object may span as many hours as it likes', async () => {
  const { counts } = await decodeChunks([Buffer.from(hourly(10_050).join('\n'))]);
  expect([counts.flows, counts.rejects.total]).toEqual([10_050, 0]);
});

it('an epoch is full at 1,000 hours, of flows or of coverage', async () => {
  for (const line of [
    flowLine(1),
    flowLine(1).replace(/10\.0.*ACCEPT OK/, `- - - - - - - ${SECOND} ${SECOND} - NODATA`),
  ]) {
    const contents = new EpochContents('s', new IdentityWindow());
    const decoder = new Decoder(DEFAULT_SETTINGS);
    decoder.target = contents;
    let records = 0;
    while (!contents.isFull(EPOCH_BOUNDS) && records < 2000) {
      const at = String(SECOND - 3600 * records++);
      const data = Buffer.from(line.replaceAll(String(SECOND), at).replaceAll(String(SECOND + 59), at));
      await decoder.decodeRecord({ data, arrival: ARRIVAL, source: 's', partitionKey: '' });
    }
    expect(records).toBe(1000);
    expect(contents.tally.counts().rejects.total).toBe(0);
  }
});
