// Pieces of a part that is too wide for memory: they are encoded while the object is read, not when it has ended.
import { expect, test } from 'vitest';
import { PartCutter } from '../../../../consumers/backfill/object/part-cutter.ts';
import { Decoder } from '../../../../pipeline/decode/decode.ts';
import { IdentityWindow } from '../../../../pipeline/epoch/identities.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';

const START = Date.UTC(2026, 10, 20, 5) / 1000; // s
const FORMAT = '${interface-id} ${start} ${log-status}';

/** NODATA lines of so many interfaces, in chunks of whole lines. */
function* interfaces(count: number): Generator<Buffer> {
  for (let from = 0; from < count; from += 50_000) {
    yield Buffer.from(Array.from({ length: 50_000 }, (_, i) => `eni-${from + i} ${START} NODATA\n`).join(''));
  }
}

test('what was set aside gives its memory back before the next chunk is read', async () => {
  const decoder = new Decoder({ ...DEFAULT_SETTINGS, format: FORMAT });
  const object = { identity: 'a'.repeat(64), duplicates: new IdentityWindow(), claims: [], siftOf: () => null };
  const cutter = new PartCutter(decoder, object, 1_000_000);
  const coverages = new Set([decoder.target.coverage]);
  const held: number[] = [];
  async function* open(): AsyncGenerator<Buffer> {
    for (const chunk of interfaces(600_000)) {
      yield chunk;
      coverages.add(decoder.target.coverage);
      held.push([...coverages].reduce((rows, coverage) => rows + coverage.rows, 0));
    }
  }
  await decoder.decodeObject({ source: 'object', open, arrival: START * 1000 });
  expect(coverages.size).toBe(3);
  expect(Math.max(...held)).toBeLessThan(300_000);
  const [part, ...others] = cutter.end();
  expect(others).toEqual([]);
  const { objects, counts } = await part!.contents.finish({ first: 0, min: 0, max: 0 }, null);
  expect(counts.nodata).toBe(600_000);
  expect(objects.map(({ table, rows }) => [table, rows])).toEqual([
    ['coverage', 250_000],
    ['coverage', 250_000],
    ['coverage', 100_000],
  ]);
});
