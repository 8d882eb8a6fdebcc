// Audit rows lie in the store as Parquet: read back as they were, by DuckDB too, and joined with the digests.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditKey, listAudit, putAudit, readAudit } from '../../../../consumers/shared/mirroring/audit-files.ts';
import { decodeRows, encodeRows } from '../../../../consumers/shared/mirroring/audit-parquet.ts';
import { AuditTail } from '../../../../consumers/shared/mirroring/audit-tail.ts';
import { EMPTY_ROW } from '../../../../pipeline/mirror-audit/plan-rows.ts';
import { HOUR_MS } from '../../../../pipeline/window/window.ts';
import { DIGEST_COLUMNS } from '../../../../schemas/columns.ts';
import { MIRRORING_COLUMNS, type MirroringRow } from '../../../../schemas/mirroring/audit-row.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { parquetRows } from '../../../fakes/parquet-rows.ts';
import { duckdb } from '../../../pipeline/parquet/readers.ts';

const T0 = Date.UTC(2026, 10, 20, 5, 58, 10, 250);

const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  timestamp: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  string: fc.string({ unit: 'grapheme' }),
  integer: fc.integer(), // 32 bits
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  double: fc.double({ noNaN: true }),
  boolean: fc.boolean(),
};
const anyRow = fc.record(
  Object.fromEntries(
    Object.entries(MIRRORING_COLUMNS).map(([name, type]) => [name, fc.option(VALUES[type], { nil: null })]),
  ),
) as fc.Arbitrary<unknown> as fc.Arbitrary<MirroringRow>; // as the table of columns says

const row = (more: Partial<MirroringRow>): MirroringRow => ({ ...EMPTY_ROW, time: T0, plan: 'p', seq: 0, ...more });

describe('a file of audit rows', () => {
  test('gives back every row as it was', async () => {
    const rows = fc.array(anyRow, { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        expect(await decodeRows(await encodeRows(given))).toEqual(given);
      }),
      { numRuns: 40 },
    );
    const many = Array.from({ length: 5000 }, (_, seq) => row({ seq, neighbour_bytes: BigInt(seq) }));
    expect(await decodeRows(await encodeRows(many))).toEqual(many);
  });

  test('is read alike by DuckDB, with every column and its type', async () => {
    const full = row({
      ...{ minute: T0 - 10_250, ok: false, finding_severity: 8.9, remote_addresses: '198.51.100.7 2001:db8::1' },
      ...{ detail: 'says "no", twice\nä', session_number: 32_766, virtual_network_id: 16_777_215 },
      neighbour_bytes: 2n ** 62n,
    });
    const bytes = await encodeRows([full, row({ seq: 1 })]);
    const types = await duckdb([bytes], 'SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM $0)');
    const sql = {
      timestamp: 'TIMESTAMP WITH TIME ZONE',
      string: 'VARCHAR',
      integer: 'INTEGER',
      bigint: 'BIGINT',
      double: 'DOUBLE',
      boolean: 'BOOLEAN',
    };
    expect(types.map(({ column_name, column_type }) => [column_name, column_type])).toEqual(
      Object.entries(MIRRORING_COLUMNS).map(([name, type]) => [name, sql[type]]),
    );
    const [first, second] = await duckdb([bytes], 'SELECT * FROM $0 ORDER BY seq');
    expect(first).toMatchObject({
      ...{ time: '2026-11-20 05:58:10.25+00', minute: '2026-11-20 05:58:00+00', ok: false, finding_severity: 8.9 },
      ...{ detail: 'says "no", twice\nä', session_number: 32_766, virtual_network_id: 16_777_215 },
      neighbour_bytes: String(2n ** 62n),
    });
    expect(Object.values(second).filter((value) => value !== null)).toEqual(['2026-11-20 05:58:10.25+00', 'p', 1]);
  });

  test('joins with the digests by interface and minute, whatever the clock of who asks', async () => {
    const digests = await parquetRows(DIGEST_COLUMNS, [
      { minute: '2026-11-20T05:58:00Z', account_id: '1', interface_id: 'eni-1', flows: 2, packets: 3, bytes: 500 },
      { minute: '2026-11-20T05:59:00Z', account_id: '1', interface_id: 'eni-1', flows: 1, packets: 1, bytes: 40 },
      { minute: '2026-11-20T05:58:00Z', account_id: '1', interface_id: 'eni-2', flows: 1, packets: 1, bytes: 9 },
    ]);
    const made = { phase: 'answered', action: 'create-session', ok: true, minute: T0 - 10_250, interface_id: 'eni-1' };
    const audit = await encodeRows([row({ ...made, session_id: 'tms-1' }), row({ seq: 1 })]);
    const joined = await duckdb(
      [audit, digests],
      `SET TimeZone = 'Asia/Kathmandu';
       SELECT m.session_id, epoch_ms(m.minute) AS minute, sum(d.bytes)::BIGINT AS bytes
       FROM $0 m JOIN $1 d USING (interface_id, minute) GROUP BY ALL`,
    );
    expect(joined).toEqual([{ session_id: 'tms-1', minute: String(T0 - 10_250), bytes: '500' }]);
  });

  test('of another version is read: without what is not known, with NULL for what is not there', async () => {
    const { ParquetSchema, ParquetWriter } = await import('parquetjs');
    const { Writable } = await import('node:stream');
    const chunks: Buffer[] = [];
    const sink = new Writable({ write: (chunk, _, end) => void end(void chunks.push(Buffer.from(chunk))) });
    const schema = new ParquetSchema({
      plan: { type: 'UTF8', optional: true },
      later: { type: 'UTF8', optional: true },
      seq: { type: 'INT64', optional: true },
      time: { type: 'TIMESTAMP_MILLIS' },
    });
    const writer = await ParquetWriter.openStream(schema, sink as never);
    await writer.appendRow({ plan: 'p', later: 'x', seq: 3, time: new Date(T0) });
    await writer.close();
    expect(await decodeRows(Buffer.concat(chunks))).toEqual([row({ seq: 3 })]);
  });

  test('that is damaged anywhere is refused, or gives rows of the right types', async () => {
    const bytes = await encodeRows([row({ detail: 'a', neighbour_bytes: 5n }), row({ seq: 1, ok: true })]);
    const damaged = fc.oneof(
      fc.nat(bytes.length - 1).map((end) => bytes.subarray(0, end)),
      fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
        const changed = Buffer.from(bytes);
        changed[at] ^= by;
        return changed;
      }),
      fc.uint8Array({ maxLength: 64 }).map((any) => Buffer.from(any)),
    );
    await fc.assert(
      fc.asyncProperty(damaged, async (given) => {
        const rows = await decodeRows(given).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Error);
          return [];
        });
        for (const one of rows) expect(Object.keys(one)).toEqual(Object.keys(EMPTY_ROW));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the audit in a store', () => {
  const at = (hours: number): number => T0 + hours * HOUR_MS;
  const written = async () => {
    const store = new MemoryStore();
    for (const hours of [0, 1, 2, 3]) {
      const plan = `plan-${hours}`;
      for (const half of ['before', 'after'] as const)
        await putAudit(store, { time: at(hours), plan, half }, [row({ plan, detail: half })]);
    }
    return store;
  };
  const names = async (listed: AsyncIterable<{ readonly key: string }>) => {
    const keys: string[] = [];
    for await (const { key } of listed) keys.push(key.slice(key.lastIndexOf('/') + 1));
    return keys;
  };

  test('lies by the hour of the plan, and is written once', async () => {
    const store = await written();
    const key = auditKey(T0, 'plan-0', 'before');
    expect(key).toBe('mirroring/date=2026-11-20/hour=05/plan-0-before.parquet');
    const before = store.backing.get(key);
    expect(await putAudit(store, { time: T0, plan: 'plan-0', half: 'before' }, [row({})])).toBe('exists');
    expect(store.backing.get(key)).toBe(before);
    expect(await putAudit(store, { time: T0, plan: 'plan-9', half: 'after' }, [])).toBe('nothing');
    expect([...store.backing.keys()].some((one) => one.includes('plan-9'))).toBe(false);
  });

  test('is listed from an hour on, without the days that are covered', async () => {
    const store = await written();
    const both = (hours: number) => [`plan-${hours}-after.parquet`, `plan-${hours}-before.parquet`];
    expect(await names(listAudit(store, { from: at(2) }))).toEqual([...both(2), ...both(3)]);
    expect(await names(listAudit(store, { from: at(-30) }))).toHaveLength(8);
    expect(await names(listAudit(store, { from: at(5) }))).toEqual([]);
    await putAudit(store, { time: at(24), plan: 'plan-24', half: 'before' }, [row({})]);
    expect(await names(listAudit(store, { from: 0, covered: new Set(['2026-11-20']) }))).toEqual([
      'plan-24-before.parquet',
    ]);
  });

  test('names what cannot be read, and reads the others', async () => {
    const store = await written();
    const key = auditKey(at(1), 'plan-1', 'before');
    await store.put(key, Buffer.from('PAR1 no PAR1'));
    const objects = await Array.fromAsync(readAudit(store, listAudit(store, { from: at(0) })));
    expect(objects.filter(({ rows }) => rows.length === 1)).toHaveLength(7);
    expect(objects.map(({ warning }) => warning).filter((warning) => warning !== null)).toEqual([
      expect.stringMatching(`^${key} cannot be read, and is left out: .`),
    ]);
  });

  test('is followed: each look has what was not there before, also under a key that was passed', async () => {
    const store = await written();
    const tail = new AuditTail(store, at(1));
    tail.skip(auditKey(at(2), 'plan-2', 'after'));
    expect((await tail.look(at(3))).rows.map(({ plan, detail }) => `${plan} ${detail}`)).toEqual([
      ...['plan-1 after', 'plan-1 before', 'plan-2 before', 'plan-3 after', 'plan-3 before'],
    ]);
    expect(await tail.look(at(3))).toEqual({ rows: [], warnings: [] });
    await putAudit(store, { time: at(2), plan: 'plan-2x', half: 'before' }, [row({ plan: 'late' })]);
    await store.put(auditKey(at(3), 'plan-3x', 'before'), Buffer.from('no'));
    const found = await tail.look(at(3));
    expect(found.rows.map(({ plan }) => plan)).toEqual(['late']);
    expect(found.warnings).toHaveLength(1);
    expect(await tail.look(at(3))).toEqual({ rows: [], warnings: [] });
  });
});
