// A list of networks becomes one IN for all of one length, with a parameter for each of them, and few are asked singly.
import { describe, expect, test } from 'vitest';
import { type Network, parseNetwork } from '../../../pipeline/address/networks.ts';
import { DUCKDB, TRINO } from '../../../pipeline/filter/dialects.ts';
import { networksSql } from '../../../pipeline/filter/network-list.ts';

const networks = (texts: readonly string[]): Network[] => texts.map((text) => parseNetwork(text)!);
const many = (count: number, text: (i: number) => string): Network[] =>
  networks(Array.from({ length: count }, (_, i) => text(i)));

const inLists = (sql: string): number[] =>
  [...sql.matchAll(/ IN \((\?(?:, \?)*)\)/g)].map(([, marks]) => marks.split(',').length);

test.each([DUCKDB, TRINO])('few are asked one by one, by ranges of text', (dialect) => {
  const { sql, parameters } = networksSql(
    'a',
    many(8, (i) => `10.${i}.0.0/16`),
    dialect,
  );
  expect(inLists(sql)).toEqual([]);
  expect(sql.match(/a >= \?/g)).toHaveLength(8);
  expect(parameters.slice(0, 2)).toEqual(['10.0.', '10.0/']);
});

describe('many', () => {
  test('of IPv4 are one list for each length', () => {
    const all = [...many(300, (i) => `10.${i % 256}.${i >> 8}.0/24`), ...many(20, (i) => `172.${i}.0.0/16`)];
    const { sql, parameters } = networksSql('a', all, DUCKDB);
    expect(inLists(sql)).toEqual([300, 20]);
    expect(parameters[0]).toBe(BigInt(10 * 2 ** 24));
    expect(sql).toContain('% 256 IN');
    expect(sql).toContain('% 65536 IN');
  });

  test('that are the same are asked once', () => {
    expect(
      networksSql(
        'a',
        many(40, () => '10.0.0.0/8'),
        DUCKDB,
      ).parameters,
    ).toEqual([BigInt(10 * 2 ** 24)]);
  });

  test('of IPv6 are lists of leading digits, of which a length within a digit needs several', () => {
    const { sql, parameters } = networksSql(
      'a',
      many(9, (i) => `2001:db8:${i}::/48`),
      DUCKDB,
    );
    expect([inLists(sql), parameters[1]]).toEqual([[9], '20010db80001']);
    const within = networksSql(
      'a',
      many(9, (i) => `2001:db8:${i}0::/46`),
      DUCKDB,
    );
    expect(within.parameters).toHaveLength(36);
    expect(within.parameters.slice(0, 4)).toEqual(['20010db80000', '20010db80001', '20010db80002', '20010db80003']);
  });

  test('of mapped addresses are asked as their IPv4 parts, and the wide ones hold them all', () => {
    const mapped = networksSql(
      'a',
      many(9, (i) => `::ffff:10.${i}.0.0/112`),
      DUCKDB,
    );
    expect(inLists(mapped.sql)).toEqual([9]);
    expect(mapped.parameters[1]).toBe(BigInt(10 * 2 ** 24 + 2 ** 16));
    const everything = networksSql(
      'a',
      many(9, () => '::/0'),
      DUCKDB,
    );
    expect(everything.parameters).toEqual(['']);
  });

  test('have as many marks as parameters in both dialects', () => {
    const all = [
      ...many(50, (i) => `10.0.${i}.0/24`),
      ...many(50, (i) => `2001:db8::${i.toString(16)}/127`),
      ...many(9, (i) => `::ffff:10.0.0.${i}/128`),
      ...networks(['::/0', '0.0.0.0/0']),
    ];
    for (const dialect of [DUCKDB, TRINO]) {
      const { sql, parameters } = networksSql('a', all, dialect);
      expect(sql.match(/\?/g)).toHaveLength(parameters.length);
    }
  });
});
