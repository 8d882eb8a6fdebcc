// One golden case for each way in which lines are framed, as bytes (base64): what comes of them as a record and as an object.
import { describe, expect, test } from 'vitest';
import { expectGolden, goldenCases } from '../../golden-files.ts';
import { cutUp } from '../envelope/arbitrary-envelopes.ts';
import { addsUp, type Decoded, decodeChunks, decodeRecords } from './decoded.ts';

const written = ({ counts, rows, coverage, rejects }: Decoded): string => {
  const { records, envelopes, lines, flows, nodata } = counts;
  const kept = rejects.map(({ reason, raw }) => ({ reason, raw }));
  return `${JSON.stringify({ records, envelopes, lines, flows, nodata, rows, coverage, rejects: kept }, null, 2)}\n`;
};

describe('framings', () => {
  const rows: (readonly string[])[] = [];
  for (const { name, input } of goldenCases('framing')) {
    test(name, async () => {
      const bytes = Buffer.from(input, 'base64');
      const record = await decodeRecords([bytes]);
      expect(addsUp(record)).toBe(true);
      expectGolden('framing', `${name}.out`, written(record));
      rows.push([...record.rows, ...record.coverage]);
      if (name.startsWith('kpl-')) return; // only on a stream
      for (const sizes of [[bytes.length], [1], [7, 300]]) {
        expect(written(await decodeChunks(cutUp(bytes, sizes)))).toBe(written(record));
      }
    });
  }

  test('all come to the same rows', () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const one of rows) expect(one).toEqual(rows[0]);
  });
});
