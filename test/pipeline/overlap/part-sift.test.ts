// What a part leaves out, decided piece by piece while evidence comes and goes: whoever has only its claim does the same.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EpochContents, type Sift } from '../../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { Flow, NULL } from '../../../pipeline/flow.ts';
import type { FeedEvidence } from '../../../pipeline/overlap/evidence.ts';
import { type Feed, labelFeed } from '../../../pipeline/overlap/feed.ts';
import { MinuteSet, setMinute } from '../../../pipeline/overlap/minute-set.ts';
import { ClaimedSift, PartSift } from '../../../pipeline/overlap/part-sift.ts';
import type { Rows } from '../../../pipeline/overlap/presence.ts';
import { KEY_INDEX } from '../../../schemas/columns.ts';

const MINUTE = 28_333_320; // begins an hour
const INTERFACES = ['eni-1', 'eni-2'];

interface Line {
  readonly minute: number;
  readonly iface: string;
  readonly quiet: boolean;
}
const line: fc.Arbitrary<Line> = fc.record({
  minute: fc.constantFrom(0, 29, 30, 59, 60, 600).map((n) => MINUTE + n),
  iface: fc.constantFrom(...INTERFACES),
  quiet: fc.boolean(),
});
const feed = fc.record({
  feed: fc.constantFrom(labelFeed('a'), labelFeed('b')),
  open: fc.boolean(),
  lines: fc.array(line, { maxLength: 4 }),
});

const evidenceOf = (feeds: readonly { feed: Feed; open: boolean; lines: readonly Line[] }[]): FeedEvidence[] =>
  feeds.map((one) => {
    const minutes = new MinuteSet();
    for (const { minute, iface } of one.lines) setMinute(minutes.at(null, iface, Math.floor(minute / 60)), minute);
    return { feed: one.feed, open: one.open, minutes };
  });

const IFACE = KEY_INDEX.get('interface_id')!;
const PORT = KEY_INDEX.get('dstport')!;

/** Adds a line to the contents, as a decoder does; bytes are 10 to the power of nothing, so that each line counts. */
const add = (contents: EpochContents, { minute, iface, quiet }: Line, n: number): void => {
  const id = contents.pool.internText(iface);
  const flow = new Flow();
  flow.columns = Int32Array.of(IFACE, PORT);
  flow.keys[IFACE] = id;
  flow.keys[PORT] = n;
  flow.minute = minute;
  flow.sums[0] = n;
  flow.sums[1] = 2 ** 53 - 1 - n;
  if (quiet) {
    contents.coverage.add(minute, NULL, id, 'NODATA', minute * 60 + 60);
    contents.tally.nodata(flow);
  } else {
    contents.digest.add(flow);
    contents.tally.flow(flow);
  }
};

/** The lines in pieces, each sifted as it is set aside; between two pieces the evidence changes. */
const decode = async (pieces: readonly (readonly Line[])[], sift: Sift | null, onPiece: (n: number) => void) => {
  const contents = new EpochContents('s', new IdentityWindow(), sift);
  let n = 0;
  for (const [i, lines] of pieces.entries()) {
    onPiece(i);
    for (const one of lines) add(contents, one, n++);
    // What `cutWhenFull` does with a full piece.
    if (i < pieces.length - 1) contents.cut();
    await contents.encodePieces();
  }
  await contents.siftRest();
  const before = contents.tally.counts();
  const output = await contents.finish({ first: 0, min: 0, max: 0 }, null);
  expect(output.counts).toEqual(before);
  return output;
};

describe('PartSift', () => {
  test('whoever finishes the part from its claim writes the same, and every line is counted out', async () => {
    const pieces = fc.array(fc.array(line, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        pieces,
        fc.array(fc.array(feed, { maxLength: 3 }), { minLength: 3, maxLength: 3 }),
        async (all, feeds) => {
          let now: FeedEvidence[] = [];
          const sift = new PartSift(async () => now);
          const first = await decode(all, sift, (i) => {
            now = evidenceOf(feeds[i]!);
          });
          const again = await decode(all, new ClaimedSift(sift.skip), () => {});
          expect(again).toEqual(first);
          const whole = await decode(all, null, () => {});
          const { lines, flows, nodata, skipped = 0, packets, bytes } = first.counts;
          expect(lines).toBe(whole.counts.lines);
          expect(flows + nodata + skipped).toBe(lines);
          const claimed = MinuteSet.of(sift.skip);
          const kept = all.flat().filter(({ minute, iface }) => {
            const mask = claimed.mask(null, iface, Math.floor(minute / 60));
            const bit = minute % 60;
            return mask === null || ((bit < 30 ? mask.low >> bit : mask.high >> (bit - 30)) & 1) === 0;
          });
          expect(flows + nodata).toBe(kept.length);
          const numbers = all.flat().flatMap((one, n) => (kept.includes(one) && !one.quiet ? [BigInt(n)] : []));
          expect(packets).toBe(numbers.reduce((sum, n) => sum + n, 0n));
          expect(bytes).toBe(numbers.reduce((sum, n) => sum + 2n ** 53n - 1n - n, 0n));
        },
      ),
      { numRuns: 60 },
    );
  }, 30_000);

  const once = async (feeds: readonly FeedEvidence[], lines: readonly Line[]) => {
    const sift = new PartSift(async () => feeds);
    await decode([lines], sift, () => {});
    return sift;
  };
  const [one, two]: readonly Line[] = [
    { minute: MINUTE, iface: 'eni-1', quiet: false },
    { minute: MINUTE + 1, iface: 'eni-1', quiet: false },
  ];

  test('names the feeds that have what is left out, and those whose open epochs alone have it', async () => {
    const sure = { feed: labelFeed('sure'), open: false, lines: [one!] };
    const open = { feed: labelFeed('open'), open: true, lines: [one!] };
    const elsewhere = { feed: labelFeed('elsewhere'), open: true, lines: [{ ...one!, minute: MINUTE + 5 }] };
    const both = await once(evidenceOf([open, sure, elsewhere]), [one!, two!]);
    expect([both.feeds, both.openFeeds]).toEqual([[labelFeed('open'), labelFeed('sure')], []]);
    const unsure = await once(evidenceOf([open, { ...sure, lines: [two!] }]), [one!, two!]);
    expect([unsure.feeds, unsure.openFeeds]).toEqual([[labelFeed('open'), labelFeed('sure')], [labelFeed('open')]]);
    expect(unsure.skip).toEqual([{ account: null, interface: 'eni-1', runs: [[MINUTE * 60, 2]] }]);
  });

  test('asks for each hour that has rows, once', async () => {
    const asked: number[] = [];
    const sift = new PartSift(async (hour) => {
      asked.push(hour);
      return [];
    });
    const hours = Array.from({ length: 20 }, (_, i) => ({ ...one!, minute: MINUTE + 120 * i, quiet: i % 2 === 0 }));
    await decode([[...hours, ...hours]], sift, () => {});
    expect(asked).toEqual(hours.map(({ minute }) => minute / 60));
    expect(sift.skip).toEqual([]);
  });

  test('fails with what the evidence fails with', async () => {
    const sift = new PartSift(() => Promise.reject(new Error('no store')));
    await expect(decode([[one!]], sift, () => {})).rejects.toThrow('no store');
  });
});

test('each piece is sifted once, and the last one is told to be', async () => {
  const told: [number, boolean][] = [];
  const sift: Sift = {
    sift: async (piece: Rows, last: boolean) => {
      told.push([piece.digest.rows, last]);
      return null;
    },
  };
  const quiet = (n: number): Line => ({ minute: MINUTE + n, iface: 'eni-1', quiet: false });
  await decode([[quiet(0)], [quiet(1), quiet(2)], []], sift, () => {});
  expect(told).toEqual([
    [1, false],
    [2, false],
    [0, true],
  ]);
});
