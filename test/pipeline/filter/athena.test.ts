// Filters in Athena's SQL: the same tree as for DuckDB, with literals of SQL as execution parameters.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { athenaFilter, compileFilter } from '../../../pipeline/filter/compile.ts';
import { model, written } from '../../reference/filter-model.ts';

const NOW = Date.parse('2026-11-20T06:00:00Z');

test.each([
  ['dstport = https', 'digest."dstport" = ?', ['443']],
  ['dstport in (ssh, 443)', 'digest."dstport" IN (?, ?)', ['22', '443']],
  ['port = ssh', '(digest."srcport" = ? OR digest."dstport" = ?)', ['22', '22']],
  ['port != ssh', '(digest."srcport" <> ? AND digest."dstport" <> ?)', ['22', '22']],
  ['not action = REJECT', '(NOT coalesce(digest."action" = ?, false))', ["'REJECT'"]],
  [`instance_tag ~ "it's ?"`, '(strpos(digest."instance_tag", ?) > 0)', ["'it''s ?'"]],
  ['end = null', 'digest."end" IS NULL', []],
  ['bytes > 1.5KB', 'digest."bytes" > ?', ['1500']],
  ['minute >= now-1h', 'digest."minute" >= CAST(? AS timestamp(3))', ["'2026-11-20 05:00:00.000'"]],
  ['start >= now-1h', 'digest."start" >= ?', ['1795150800']],
  ['srcaddr = 2001:DB8::1', 'digest."srcaddr" = ?', ["'2001:db8::1'"]],
  ['srcaddr in 10.0.0.0/8', '(digest."srcaddr" >= ? AND digest."srcaddr" < ?)', ["'10.'", "'10/'"]],
  ['srcaddr in 2001:db8::/32', '(digest."srcaddr" >= ? AND digest."srcaddr" < ?)', ["'2001:db8:'", "'2001:db8;'"]],
  ['srcaddr in (10.0.0.1, fe80::1)', 'digest."srcaddr" IN (?, ?)', ["'10.0.0.1'", "'fe80::1'"]],
])('%s', (text, sql, executionParameters) => {
  expect(athenaFilter(text, NOW)).toEqual({ sql, executionParameters });
});

test('an empty filter is no condition', () => {
  expect(athenaFilter(' ', NOW)).toBeNull();
});

test('has a parameter for each mark, as many as for DuckDB, and no function that is not of Trino', () => {
  fc.assert(
    fc.property(model, (filter) => {
      const text = written(filter);
      const [athena, duckdb] = [athenaFilter(text, NOW), compileFilter(text, NOW)];
      expect(athena?.sql.split('?').length).toBe((athena?.executionParameters.length ?? 0) + 1);
      expect(athena?.executionParameters.length).toBe(duckdb?.parameters.length);
      expect(athena?.sql).not.toMatch(/\bcontains\(|lambda|list_|string_split|make_timestamptz|array_to_string/);
      for (const literal of athena?.executionParameters ?? []) expect(literal).toMatch(/^(-?\d+|'([^']|'')*')$/);
    }),
    { numRuns: 200 },
  );
});

test('compiling takes time that grows with the text and no faster', () => {
  const values = (count: number) => `dstport in (${Array(count).fill('443').join(',')})`;
  const milliseconds = (text: string): number => {
    const began = performance.now();
    for (let i = 0; i < 3; i++) compileFilter(text, NOW);
    return performance.now() - began;
  };
  milliseconds(values(1000)); // warm
  // Sixteen times the text: a quadratic one would take 256 times as long.
  expect(milliseconds(values(48_000))).toBeLessThan(100 * Math.max(1, milliseconds(values(3000))));
});
