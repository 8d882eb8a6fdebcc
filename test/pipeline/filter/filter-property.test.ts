// Any filter that a model writes selects in the real engine the rows that the model itself selects; and a tree that is
// printed is read as the same tree.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckDb } from '../../../consumers/shared/query/engine/duckdb.ts';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { parseFilter } from '../../../pipeline/filter/parse.ts';
import { printFilter, quotedText } from '../../../pipeline/filter/print.ts';
import { DIGEST_COLUMNS } from '../../../schemas/columns.ts';
import type { QueryEngine } from '../../../schemas/query.ts';
import { parquetRows } from '../../fakes/parquet-rows.ts';
import { holds, MODEL_ROWS, model, TEXTS, written } from '../../reference/filter-model.ts';

let directory: string;
let engine: QueryEngine;
let table: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-filter-'));
  const file = join(directory, 'rows.parquet');
  await writeFile(file, await parquetRows(DIGEST_COLUMNS, MODEL_ROWS));
  engine = await openDuckDb({ directories: [directory] });
  table = `read_parquet('${file}')`;
});
afterAll(async () => {
  await engine.close();
  await rm(directory, { recursive: true, force: true });
});

/** The rows that each filter selects; many in one statement, which is read once. */
async function selected(texts: readonly string[]): Promise<number[][]> {
  const conditions = texts.map((text) => compileFilter(text, 0) ?? { sql: 'true', parameters: [] });
  const sql = `SELECT flows, ${conditions.map((c) => `(${c.sql}) IS TRUE`).join(', ')} FROM ${table} AS digest ORDER BY flows`;
  const rows: number[][] = texts.map(() => []);
  const { chunks } = await engine.run(
    sql,
    conditions.flatMap(({ parameters }) => parameters),
  );
  for await (const chunk of chunks) {
    for (const [id, ...met] of chunk) for (const [i, one] of met.entries()) if (one === true) rows[i].push(Number(id));
  }
  return rows;
}

const found = async (text: string): Promise<number[]> => (await selected([text]))[0];

test('any filter selects the rows that it says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(model, { minLength: 12, maxLength: 12 }), async (filters) => {
      const expected = filters.map((one) => MODEL_ROWS.flatMap((row, i) => (holds(one, row) ? [i] : [])));
      expect(await selected(filters.map((one) => written(one)))).toEqual(expected);
    }),
    { numRuns: 12 },
  );
});

/** A tree without the places at which its parts stood. */
const bare = (text: string): unknown =>
  JSON.parse(JSON.stringify(parseFilter(text), (key, value) => (/[cC]olumn$/.test(key) ? undefined : value)) ?? 'null');

test('a printed tree is read as the same tree', () => {
  fc.assert(
    fc.property(model, (filter) => {
      const text = written(filter);
      const printed = printFilter(parseFilter(text));
      expect(bare(printed)).toEqual(bare(text));
      expect(printFilter(parseFilter(printed))).toBe(printed);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['', ''],
  ['NOT (A = 1)  and(b in 2)', 'not A = 1 and b in (2)'],
  ['(a = 1 and b = 2) and c = 3', '(a = 1 and b = 2) and c = 3'],
  ['a = 1 and b = 2 or c = 3', 'a = 1 and b = 2 or c = 3'],
  ['a = 1 and (b = 2 or c = 3)', 'a = 1 and (b = 2 or c = 3)'],
  ['not (a = 1 or b = 2)', 'not (a = 1 or b = 2)'],
  ["a = 'x\\ny'", 'a = "x\\ny"'],
])('%s is printed as %s', (text, printed) => {
  expect(printFilter(parseFilter(text))).toBe(printed);
});

test('any text can be written as a value', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...TEXTS, 'in', 'NULL'), fc.string({ unit: 'grapheme' })), (text) => {
      fc.pre(!text.includes('\0'));
      const filter = parseFilter(`instance_tag = ${quotedText(text)}`);
      expect(filter).toMatchObject({ kind: 'comparison', values: [{ text }] });
      expect(compileFilter(printFilter(filter), 0)?.parameters).toEqual([text]);
    }),
  );
});

test('what nobody would write is refused with its place, or answered', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '(',
      ')',
      ',',
      '"',
      "'",
      '\\',
      '=',
      '!',
      '!=',
      '<',
      '~',
      ' in ',
      ' and ',
      ' or ',
      ' not ',
      '\0',
      ' ',
    ),
    fc.constantFrom('dstport', 'addr', 'bytes', 'minute', '443', '10.0.0.0/8', 'null', '1.5KB', '\ud800', '\n', '🙂'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      try {
        compileFilter(text, 0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'VF_BAD_FILTER', column: expect.any(Number) });
        expect(Number(Object(error).column)).toBeLessThanOrEqual([...text].length + 1);
      }
    }),
    { numRuns: 500 },
  );
});

test('thousands of values are answered', async () => {
  const ports = Array.from({ length: 20_000 }, (_, i) => 40_000 + i);
  expect(await found(`dstport in (443, ${ports.join(', ')})`)).toEqual(await found('dstport = 443'));
  const networks = Array.from({ length: 6000 }, (_, i) => `172.${i >> 8}.${i & 255}.0/25`);
  expect(await found(`addr in (10.0.0.0/9, ${networks.join(', ')})`)).toEqual(await found('addr in 10.0.0.0/9'));
  const wide = Array.from({ length: 3000 }, (_, i) => `3fff:${i.toString(16)}::/46`);
  expect(await found(`srcaddr in (2001:db8::/33, ${wide.join(', ')})`)).toEqual(
    await found('srcaddr in 2001:db8::/33'),
  );
});

test('a filter of as many comparisons as there may be is answered, and one more is refused', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `dstport = ${i}`).join(' or ');
  expect(await found(many(2000))).toEqual(await found('dstport < 2000'));
  expect(() => compileFilter(many(2001), 0)).toThrow('more than 2000 comparisons');
});
