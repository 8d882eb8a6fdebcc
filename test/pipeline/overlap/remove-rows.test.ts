// Removing interface-minutes from a piece: just their rows go, sums stay exact, and the files are those of what is left.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Coverage, type CoverageStatus } from '../../../pipeline/digest/coverage.ts';
import { Digest } from '../../../pipeline/digest/digest.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { NULL } from '../../../pipeline/flow.ts';
import { MinuteSet, setMinute } from '../../../pipeline/overlap/minute-set.ts';
import { hoursOf, presence, type Rows } from '../../../pipeline/overlap/presence.ts';
import { removeRows } from '../../../pipeline/overlap/remove-rows.ts';
import { encodeCoverage, encodeDigest } from '../../../pipeline/parquet/encode.ts';
import { type PlainFlow, referenceDigest } from '../../reference/digest.ts';
import { digestOf, plainFlow, rowsOf, toFlow } from '../graph/plain-flows.ts';

const MINUTE = 28_333_333;
const UNTIMED = { start: null, end: null, tcpFlags: null };

interface CoverageLine {
  readonly minute: number;
  readonly account: string | null;
  readonly iface: string | null;
  readonly status: CoverageStatus;
}

const id = fc.constantFrom(null, 'a', 'b');
/** Flows of the other generator, given loggers of every kind. */
const flow: fc.Arbitrary<PlainFlow> = fc
  .tuple(plainFlow, id, fc.constantFrom(undefined, 'eni-1', 'eni-2'), fc.constantFrom(undefined, 'tgw-attach-1'), id)
  .map(([plain, account, iface, attachment, resource]) => ({
    ...plain,
    keys: {
      ...plain.keys,
      ...(account === null ? {} : { account_id: account }),
      ...(iface === undefined ? {} : { interface_id: iface }),
      ...(attachment === undefined ? {} : { tgw_attachment_id: attachment }),
      ...(resource === null ? {} : { resource_id: resource }),
    },
  }));
const coverageLine: fc.Arbitrary<CoverageLine> = fc.record({
  minute: fc.constantFrom(MINUTE, MINUTE + 1, MINUTE + 60),
  account: id,
  iface: fc.constantFrom(null, 'eni-1', 'eni-2'),
  status: fc.constantFrom('NODATA', 'SKIPDATA'),
});

/** The first of them that is there, also where it is the empty text: only NULL is nothing. */
const loggerOf = ({ keys }: PlainFlow): string | null => {
  const logger = keys.interface_id ?? keys.tgw_attachment_id ?? keys.resource_id ?? null;
  return logger === null ? null : String(logger);
};

const coverageOf = (lines: readonly CoverageLine[], pool: StringPool): Coverage => {
  const coverage = new Coverage(pool);
  const word = (text: string | null): number => (text === null ? NULL : pool.internText(text));
  for (const { minute, account, iface, status } of lines)
    coverage.add(minute, word(account), word(iface), status, minute * 60 + 60);
  return coverage;
};

const pieceOf = (flows: readonly PlainFlow[], lines: readonly CoverageLine[]): Rows => {
  const pool = new StringPool();
  return { digest: digestOf(flows, pool), coverage: coverageOf(lines, pool) };
};

const filesOf = async ({ digest, coverage }: Rows) => [
  ...(await Array.fromAsync(encodeDigest(digest))),
  ...(await Array.fromAsync(encodeCoverage(coverage))),
];

/** As a key of a set of interface-minutes. */
const named = (minute: number, account: unknown, iface: unknown): string => JSON.stringify([minute, account, iface]);

const sumOf = (flows: readonly PlainFlow[], measure: string): bigint =>
  flows.reduce((sum, { sums }) => sum + BigInt(sums[measure] ?? 0), 0n);

test('what is left and what was removed are what there was, whatever is removed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(flow, { maxLength: 40 }),
      fc.array(coverageLine, { maxLength: 20 }),
      fc.array(fc.nat(59), { maxLength: 12 }),
      async (flows, lines, picks) => {
        const all = [
          ...flows.map((one) => [one.minute, one.keys.account_id ?? null, loggerOf(one)] as const),
          ...lines.map(({ minute, account, iface }) => [minute, account, iface] as const),
        ];
        const chosen = picks.flatMap((pick) => (all[pick] === undefined ? [] : [all[pick]]));
        const set = new MinuteSet();
        for (const [minute, account, iface] of chosen)
          setMinute(set.at(account as string | null, iface, Math.floor(minute / 60)), minute);
        const out = new Set(chosen.map(([minute, account, iface]) => named(minute, account, iface)));
        const isOut = (one: PlainFlow): boolean =>
          out.has(named(one.minute, one.keys.account_id ?? null, loggerOf(one)));
        const isOutLine = (one: CoverageLine): boolean => out.has(named(one.minute, one.account, one.iface));

        const piece = pieceOf(flows, lines);
        const removed = removeRows(piece, set);

        const gone = flows.filter(isOut);
        expect(removed).toEqual({
          flows: gone.length,
          nodata: lines.filter((one) => isOutLine(one) && one.status === 'NODATA').length,
          skipdata: lines.filter((one) => isOutLine(one) && one.status === 'SKIPDATA').length,
          packets: sumOf(gone, 'packets'),
          bytes: sumOf(gone, 'bytes'),
        });
        const kept = flows.filter((one) => !isOut(one));
        const keptLines = lines.filter((one) => !isOutLine(one));
        expect(rowsOf(piece.digest)).toEqual(referenceDigest(kept));
        expect(await filesOf(piece)).toEqual(await filesOf(pieceOf(kept, keptLines)));
        const hours = [...kept, ...keptLines].map(({ minute }) => Math.floor(minute / 60));
        expect(hoursOf(piece)).toEqual([...new Set(hours)].sort((a, b) => a - b));
        // A second time there is nothing of them.
        expect(removeRows(piece, set)).toEqual({ flows: 0, nodata: 0, skipdata: 0, packets: 0n, bytes: 0n });
      },
    ),
    { numRuns: 60 },
  );
}, 30_000);

test('a flow that comes after its row was removed begins it anew', () => {
  const pool = new StringPool();
  const digest = new Digest(pool);
  const one: PlainFlow = {
    ...{
      minute: MINUTE,
      keys: { account_id: 'a', interface_id: 'eni-1' },
      sums: { packets: 5, packets_lost_blackhole: 3 },
    },
    ...{ start: 1_700_000_001, end: 1_700_000_009, tcpFlags: 2 },
  };
  const other: PlainFlow = { ...one, sums: { bytes: 7 }, start: 1_700_000_005, end: 1_700_000_006, tcpFlags: null };
  digest.add(toFlow(one, pool));
  const set = new MinuteSet();
  setMinute(set.at('a', 'eni-1', Math.floor(MINUTE / 60)), MINUTE);
  removeRows({ digest, coverage: new Coverage(pool) }, set);
  expect(rowsOf(digest)).toEqual([]);
  digest.add(toFlow(other, pool));
  expect(rowsOf(digest)).toEqual(referenceDigest([other]));
});

test('sums past 2^53 are removed exactly', () => {
  const most = 2 ** 53 - 1;
  const big: PlainFlow = {
    minute: MINUTE,
    keys: { account_id: 'a' },
    sums: { packets: most, bytes: most },
    ...UNTIMED,
  };
  const piece = pieceOf([big, big, big], []);
  const set = new MinuteSet();
  setMinute(set.at('a', null, Math.floor(MINUTE / 60)), MINUTE);
  expect(removeRows(piece, set)).toMatchObject({ flows: 3, packets: 3n * BigInt(most), bytes: 3n * BigInt(most) });
});

test('rows of many segments and layouts are met, each once', () => {
  const flows: PlainFlow[] = Array.from({ length: 20_000 }, (_, i) => ({
    minute: MINUTE + (i % 130),
    keys: {
      ...{ account_id: 'a', dstport: i, interface_id: `eni-${i % 3}` },
      ...(i < 9000 ? {} : { vpc_id: 'vpc-1', tgw_id: 'tgw-1' }),
    },
    sums: i < 12_000 ? { packets: 1 } : { packets: 1, packets_lost_blackhole: 2 },
    ...UNTIMED,
  }));
  const piece = pieceOf(flows, []);
  const hours = hoursOf(piece);
  const there = presence(piece, new Set(hours));
  const minutes = new Set(flows.map((one) => named(one.minute, 'a', one.keys.interface_id)));
  const bits = (n: number): number => [...n.toString(2)].filter((bit) => bit === '1').length;
  const found = [...there.values()].flat().reduce((sum, { mask }) => sum + bits(mask.low) + bits(mask.high), 0);
  expect(found).toBe(minutes.size);
  const set = new MinuteSet();
  for (const hour of hours) {
    const mask = set.at('a', 'eni-1', hour);
    [mask.low, mask.high] = [2 ** 30 - 1, 2 ** 30 - 1];
  }
  const kept = flows.filter((one) => one.keys.interface_id !== 'eni-1');
  expect(removeRows(piece, set).flows).toBe(flows.length - kept.length);
  expect(rowsOf(piece.digest)).toEqual(referenceDigest(kept));
});
