// The obligations of a QueryEngine, as tests that every implementation runs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryEngine, QueryParameter, QueryValue } from '../../schemas/query.ts';

/** What a query engine promises. `open` may read the files of the directory that it is given. */
export function queryEngineContract(name: string, open: (directory: string) => Promise<QueryEngine>): void {
  describe(`query engine: ${name}`, () => {
    let directory: string;
    let engine: QueryEngine;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'vpcflow-contract-'));
      engine = await open(directory);
    });
    afterAll(async () => {
      await engine.close();
      await rm(directory, { recursive: true, force: true });
    });

    const rows = async (sql: string, parameters?: readonly QueryParameter[]) => {
      const result = await engine.run(sql, parameters);
      return { columns: result.columns, rows: await drain(result.chunks) };
    };

    test('gives integers exactly, times in Unix ms and lists as arrays', async () => {
      const found = await rows(`SELECT 7::INTEGER AS small, 9007199254740993::BIGINT AS large,
        170141183460469231731687303715884105727::HUGEINT AS huge, TIMESTAMPTZ '2026-11-20T14:05:00Z' AS minute,
        TIMESTAMP_MS '2026-11-20 14:05:00' AS ms, NULL::VARCHAR AS nothing, [443, 22]::INTEGER[] AS ports, 'é' AS text, true AS yes`);
      expect(found.rows).toEqual([
        [
          7,
          9007199254740993n,
          170141183460469231731687303715884105727n,
          Date.UTC(2026, 10, 20, 14, 5),
          Date.UTC(2026, 10, 20, 14, 5),
          null,
          [443, 22],
          'é',
          true,
        ],
      ]);
      expect(found.columns.map((c) => `${c.name} ${c.type}`)).toEqual([
        'small integer',
        'large integer',
        'huge integer',
        'minute timestamp',
        'ms timestamp',
        'nothing string',
        'ports list',
        'text string',
        'yes boolean',
      ]);
    });

    test('binds parameters as values, never as SQL', async () => {
      const text = `x'; DROP TABLE t; --`;
      const big = 2n ** 70n;
      const found = await rows('SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e', [text, 12, big, null, true]);
      expect(found.rows).toEqual([[text, 12n, big, null, true]]);
    });

    test('the rows of a first step are a table for the query, and for no other', async () => {
      const first = { name: 'kept rows', sql: 'SELECT i + ? AS i FROM range(3) AS r(i)', parameters: [10] };
      const result = await engine.run('SELECT sum(i) AS s FROM "kept rows" WHERE i > ?', [10], undefined, first);
      expect(await drain(result.chunks)).toEqual([[23n]]);
      await expect(engine.run('SELECT * FROM "kept rows"')).rejects.toMatchObject({ code: 'VF_QUERY' });
      const wrong = { name: 'wrong', sql: 'SELECT nothing FROM nowhere', parameters: [] };
      await expect(engine.run('SELECT 1', [], undefined, wrong)).rejects.toMatchObject({ code: 'VF_QUERY' });
    });

    test('an aborted signal ends a first step', async () => {
      const abort = new AbortController();
      const reason = new Error('too late');
      const sql = 'SELECT sum(a.i * b.i) AS s FROM range(10000000) a(i), range(10000000) b(i)';
      const endless = engine.run('SELECT 1', [], abort.signal, { name: 'endless', sql, parameters: [] });
      setTimeout(() => abort.abort(reason), 50); // it has no end of its own
      await expect(endless).rejects.toBe(reason);
    });

    test('a result arrives in chunks, in the order of the query', async () => {
      const result = await engine.run('SELECT i FROM range(10000) AS r(i) ORDER BY i DESC');
      let chunks = 0;
      const values: QueryValue[] = [];
      for await (const chunk of result.chunks) {
        chunks += 1;
        for (const row of chunk) values.push(row[0]);
      }
      expect(chunks).toBeGreaterThan(1);
      expect(values).toEqual(Array.from({ length: 10_000 }, (_, i) => BigInt(9999 - i)));
    });

    test('a result may be left before its end, and the engine goes on', async () => {
      const result = await engine.run('SELECT i FROM range(1000000000) AS r(i)');
      for await (const chunk of result.chunks) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect((await rows('SELECT 1::INTEGER')).rows).toEqual([[1]]);
    });

    test('a result that is closed instead of read has no rows any more, and closing twice is closing once', async () => {
      const result = await engine.run('SELECT i FROM range(1000000000) AS r(i)');
      await result.close();
      await result.close();
      expect(await drain(result.chunks)).toEqual([]);
      const begun = await engine.run('SELECT i FROM range(1000000000) AS r(i)');
      const first = begun.chunks[Symbol.asyncIterator]().next();
      await begun.close(); // waits for the chunk that is on its way
      expect((await first).done).toBe(false);
      expect((await rows('SELECT 1::INTEGER')).rows).toEqual([[1]]);
    });

    test('an aborted signal ends a running query with its reason', async () => {
      const abort = new AbortController();
      const reason = new Error('the client went away');
      const endless = drainRun(
        engine,
        'SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)',
        abort.signal,
      );
      // However long it is let run: it has no end of its own.
      setTimeout(() => abort.abort(reason), 50);
      await expect(endless).rejects.toBe(reason);
      await expect(engine.run('SELECT 1', [], abort.signal)).rejects.toBe(reason);
    });

    test('an aborted signal ends a result that is being read', async () => {
      const abort = new AbortController();
      const reason = new Error('the client went away');
      const result = await engine.run('SELECT i FROM range(1000000000) AS r(i)', [], abort.signal);
      const read = async () => {
        for await (const chunk of result.chunks) if (chunk.length > 0) abort.abort(reason);
      };
      await expect(read()).rejects.toBe(reason);
    });

    test('many queries at once are all answered', async () => {
      const found = await Promise.all(Array.from({ length: 20 }, (_, i) => rows('SELECT ?::INTEGER + 1', [i])));
      expect(found.map((f) => f.rows[0][0])).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    });

    test('writes a query as Parquet that it can read again', async () => {
      const file = join(directory, `a'b[1]*.parquet`);
      const pieces: Uint8Array[] = [];
      for await (const piece of engine.parquet('SELECT ?::BIGINT AS n, ? AS t', [2n ** 60n, 'x'])) pieces.push(piece);
      await writeFile(file, Buffer.concat(pieces));
      const path = file.replaceAll("'", "''").replace(/[*?[]/g, '[$&]');
      expect((await rows(`SELECT n, t FROM read_parquet('${path}')`)).rows).toEqual([[2n ** 60n, 'x']]);
    });

    test('a wrong statement is VF_QUERY, a file that is no Parquet VF_STORE_CORRUPT', async () => {
      await expect(engine.run('SELECT nothing FROM nowhere')).rejects.toMatchObject({ code: 'VF_QUERY' });
      const file = join(directory, 'broken.parquet');
      await writeFile(file, 'this is no Parquet file, however long it may be');
      await expect(drainRun(engine, `SELECT * FROM read_parquet('${file}')`)).rejects.toMatchObject({
        code: 'VF_STORE_CORRUPT',
      });
    });

    test('reads nothing outside its directories, writes nothing there, loads nothing and cannot be reconfigured', async () => {
      const forbidden = [
        `SELECT * FROM read_text('${import.meta.filename}')`,
        `SELECT * FROM read_text('${directory}/../x')`,
        `COPY (SELECT 1) TO '${join(tmpdir(), 'vpcflow-forbidden.csv')}'`,
        `ATTACH '${join(tmpdir(), 'vpcflow-forbidden.db')}'`,
        'INSTALL httpfs',
        'LOAD httpfs',
        'SET threads = 1',
        'SET enable_external_access = true',
        `SELECT * FROM read_parquet('https://127.0.0.1:1/x.parquet')`,
      ];
      for (const sql of forbidden) {
        await expect(drainRun(engine, sql), sql).rejects.toMatchObject({ name: 'VpcflowError' });
      }
    });

    test('closing ends what runs and refuses what comes after', async () => {
      const other = await open(directory);
      const running = drainRun(other, 'SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)');
      const outcome = expect(running).rejects.toMatchObject({ code: 'VF_QUERY' });
      const unread = await other.run('SELECT i FROM range(1000000) AS r(i)');
      await other.close();
      await outcome;
      await expect(drain(unread.chunks)).rejects.toMatchObject({ code: 'VF_QUERY' });
      await expect(other.run('SELECT 1')).rejects.toMatchObject({ code: 'VF_QUERY' });
      await other.close();
    });
  });
}

async function drain(chunks: AsyncIterable<readonly (readonly QueryValue[])[]>): Promise<(readonly QueryValue[])[]> {
  const rows: (readonly QueryValue[])[] = [];
  for await (const chunk of chunks) rows.push(...chunk);
  return rows;
}

async function drainRun(engine: QueryEngine, sql: string, signal?: AbortSignal): Promise<(readonly QueryValue[])[]> {
  return drain((await engine.run(sql, [], signal)).chunks);
}
