// Holds the digest to the plain reference: any flows in any order give the same rows, sums are exact, limits are kept.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Digest } from '../../../pipeline/digest/digest.ts';
import { sortedRows } from '../../../pipeline/digest/row-order.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { type PlainFlow, referenceDigest } from '../../reference/digest.ts';
import { COLUMN_SETS, digestOf, plainFlow, rowsOf, toFlow } from '../graph/plain-flows.ts';

const flow = (over: Partial<PlainFlow> = {}): PlainFlow => ({
  minute: 28_333_333,
  keys: { srcaddr: '10.0.0.1', dstport: 443 },
  sums: { packets: 1, bytes: 40 },
  start: 1_700_000_000,
  end: 1_700_000_059,
  tcpFlags: null,
  ...over,
});

describe('Digest', () => {
  test('merges any flows into the rows of the reference, sorted', () => {
    fc.assert(
      fc.property(fc.array(plainFlow, { maxLength: 60 }), (flows) => {
        expect(rowsOf(digestOf(flows))).toEqual(referenceDigest(flows));
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same rows whatever the order of the flows', () => {
    const shuffled = fc
      .array(plainFlow, { maxLength: 40 })
      .chain((flows) => fc.tuple(fc.constant(flows), fc.shuffledSubarray(flows, { minLength: flows.length })));
    fc.assert(
      fc.property(shuffled, ([flows, other]) => {
        expect(rowsOf(digestOf(other))).toEqual(rowsOf(digestOf(flows)));
      }),
    );
  });

  test('merges lines of different formats whose extra columns are NULL', () => {
    const pool = new StringPool();
    const digest = new Digest(pool);
    for (const columns of [...COLUMN_SETS, ...COLUMN_SETS.toReversed()]) digest.add(toFlow(flow(), pool, columns));
    expect(digest.rows).toBe(1);
    expect(rowsOf(digest)[0].flows).toBe(8n);
  });

  test('tells columns apart that hold the same word', () => {
    const keys = ['srcaddr', 'dstaddr', 'account_id'].map((name) => ({ [name]: '10.0.0.1' }));
    expect(digestOf(keys.map((k) => flow({ keys: k }))).rows).toBe(3);
  });

  test('sums exactly past 2^53 and refuses to pass 2^63 - 1, merging nothing', () => {
    const pool = new StringPool();
    const digest = new Digest(pool);
    const big = 2 ** 53 - 1;
    for (let i = 0; i < 1024; i++)
      expect(digest.add(toFlow(flow({ sums: { packets: 1, bytes: big } }), pool))).toBe(true);
    expect(rowsOf(digest)[0].sums.slice(0, 2)).toEqual([1024n, 1024n * (2n ** 53n - 1n)]);
    const refused = { sums: { packets: 1, bytes: 1024 }, start: 1_600_000_000, end: 1_800_000_000, tcpFlags: 2 };
    expect(digest.add(toFlow(flow(refused), pool))).toBe(false);
    expect(digest.add(toFlow(flow({ sums: { packets: 1, bytes: 1023 } }), pool))).toBe(true);
    expect(digest.add(toFlow(flow({ sums: { packets: 1, bytes: 1 } }), pool))).toBe(false);
    expect(digest.add(toFlow(flow({ sums: { packets: 1, bytes: 0 } }), pool))).toBe(true);
    expect(rowsOf(digest)).toEqual([
      expect.objectContaining({ flows: 1026n, start: 1_700_000_000n, end: 1_700_000_059n, tcpFlags: null }),
    ]);
    expect(rowsOf(digest)[0].sums[1]).toBe(2n ** 63n - 1n);
  });

  test('merges nothing when only a sum of lost packets would overflow', () => {
    const pool = new StringPool();
    const digest = new Digest(pool);
    const big = flow({
      sums: { packets: 1, bytes: 1, packets_lost_no_route: 1, packets_lost_ttl_expired: 2 ** 53 - 1 },
    });
    for (let i = 0; i < 1024; i++) expect(digest.add(toFlow(big, pool))).toBe(true);
    const before = rowsOf(digest);
    expect(digest.add(toFlow(big, pool))).toBe(false);
    expect(rowsOf(digest)).toEqual(before);
  });

  test('grows through many rows, columns that come late, and several hours', () => {
    const flows: PlainFlow[] = [];
    for (let i = 0; i < 20_000; i++) {
      const n = Math.imul(i, 0x9e3779b1) >>> 0;
      const keys = { srcaddr: `10.0.${(n >>> 8) % 200}.${n % 256}`, dstport: n % 7, interface_id: `eni-${n % 50}` };
      flows.push(
        flow({
          minute: 28_333_333 + (n % 150),
          keys: i < 9000 ? keys : { ...keys, vpc_id: `vpc-${n % 2}`, tgw_id: 'tgw-1', asg_tag: 'a' },
          sums: i < 12_000 ? { packets: 1, bytes: n } : { packets: 1, bytes: n, packets_lost_blackhole: 2 },
        }),
      );
    }
    const digest = digestOf([...flows, ...flows]);
    expect(digest.hours).toBe(3);
    expect(digest.rows).toBeGreaterThan(10_000);
    expect(rowsOf(digest)).toEqual(referenceDigest([...flows, ...flows]));
  });

  test('keeps the rows of a narrow format narrow when a wide one comes', () => {
    const pool = new StringPool();
    const digest = new Digest(pool);
    const rows = 10 * 4096 + 5;
    for (let i = 0; i < rows; i++) digest.add(toFlow(flow({ keys: { dstport: i } }), pool, COLUMN_SETS[0]));
    const narrow = digest.bytes;
    const wide = COLUMN_SETS[COLUMN_SETS.length - 1];
    const lost = { packets: 1, bytes: 1, packets_lost_blackhole: 7 };
    for (const dstport of [3, 9 * 4096, rows - 1]) {
      expect(digest.add(toFlow(flow({ keys: { dstport }, sums: lost }), pool, wide))).toBe(true);
    }
    expect(digest.rows).toBe(rows);
    // Three of eleven segments are rewritten, to about four times their size.
    expect(digest.bytes).toBeLessThan(2 * narrow);
    expect(digest.add(toFlow(flow({ keys: { dstport: 0, asg_tag: 'a' } }), pool, wide))).toBe(true);
    expect(digest.rows).toBe(rows + 1);
    const merged = rowsOf(digest).filter((row) => row.flows === 2n);
    expect(merged.map((row) => row.sums)).toEqual(merged.map(() => [2n, 41n, null, 7n, null, null]));
    expect(merged).toHaveLength(3);
  });

  test('is empty and small when cleared, and goes on as new', () => {
    const pool = new StringPool();
    const flows = Array.from({ length: 9000 }, (_, i) => flow({ keys: { dstport: i % 8000, vpc_id: `vpc-${i % 3}` } }));
    const digest = digestOf(flows, pool);
    digest.clear();
    expect([digest.rows, digest.hours, rowsOf(digest)]).toEqual([0, 0, []]);
    expect(digest.bytes).toBe(new Digest(pool).bytes);
    for (const each of flows) digest.add(toFlow(each, pool));
    expect(rowsOf(digest)).toEqual(referenceDigest(flows));
  });

  test('of nothing has no rows', () => {
    const digest = new Digest(new StringPool());
    expect([digest.rows, digest.hours, sortedRows(digest).length]).toEqual([0, 0, 0]);
  });
});
