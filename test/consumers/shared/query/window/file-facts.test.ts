// What is learnt of real files from their footers: those of our writer and of another, whole and damaged.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileMemory } from '../../../../../consumers/shared/query/window/file-facts.ts';
import type { FileFacts } from '../../../../../pipeline/window/query-plan.ts';
import { COVERAGE_COLUMNS, type Column, DIGEST_COLUMNS } from '../../../../../schemas/columns.ts';
import { BEGIN, digest, written } from '../../../../audited-store.ts';
import { collect } from '../../../../contracts/store-place.ts';
import { MemoryStore } from '../../../../fakes/memory-store.ts';
import { parquetRows } from '../../../../fakes/parquet-rows.ts';

let directory: string;
let files = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-facts-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const object = (key: string, tag = 't') => ({ key, size: 1, tag });

const fileOf = async (bytes: Uint8Array): Promise<string> => {
  const path = join(directory, `${files++}.parquet`);
  await writeFile(path, bytes);
  return path;
};

const learn = async (bytes: Uint8Array, columns: readonly Column[] = DIGEST_COLUMNS) =>
  new FileMemory().learn(object('k'), await fileOf(bytes), columns);

describe('a file of our writer', () => {
  const store = new MemoryStore();
  const contents = async (prefix: string): Promise<Buffer[]> =>
    Promise.all((await collect(store.list(prefix))).map(async ({ key }) => (await store.get(key))!.body));
  beforeAll(() => digest(store, written(4)));

  test('says the minutes and ends of its digest rows, and its columns', async () => {
    for (const body of await contents('digests/')) {
      // What is learnt of a whole file is no reason for anything.
      const facts = (await learn(body)) as FileFacts;
      expect(facts.columns).toEqual(expect.arrayContaining(['minute', 'interface_id', 'flows', 'bytes', 'end']));
      expect(facts.columns).not.toContain('vpc_id');
      expect(facts.rows).toBeGreaterThan(0);
      expect(facts.last).toBeGreaterThanOrEqual(facts.first ?? Infinity);
      expect(Math.abs((facts.first ?? 0) - BEGIN)).toBeLessThan(5 * 60_000);
      expect((facts.first ?? 0) % 60_000).toBe(0);
      expect((facts.latestEnd ?? 0) * 1000).toBeGreaterThan(facts.last ?? Infinity);
    }
  });

  test('says the greatest log status of its coverage rows', async () => {
    const found = await Promise.all((await contents('coverage/')).map((body) => learn(body, COVERAGE_COLUMNS)));
    expect(found.length).toBeGreaterThan(0);
    for (const facts of found) expect(facts).toMatchObject({ greatestStatus: 'SKIPDATA' });
  });

  test('is of one layout with others of the same columns', async () => {
    const memory = new FileMemory();
    const [a, b] = await contents('digests/');
    // What is learnt of a whole file is no reason for anything.
    const one = (await memory.learn(object('a'), await fileOf(a), DIGEST_COLUMNS)) as FileFacts;
    const other = (await memory.learn(object('b'), await fileOf(b), DIGEST_COLUMNS)) as FileFacts;
    expect(one.columns).toBe(other.columns);
  });
});

const LINE = {
  minute: '2026-11-20T05:01:00Z',
  interface_id: 'eni-1',
  log_status: 'NODATA',
  records: 1,
  end: 1795150920,
};

test('a file of another writer says the same', async () => {
  const later = { ...LINE, minute: '2026-11-20T05:03:00Z', end: null };
  expect(await learn(await parquetRows(COVERAGE_COLUMNS, [LINE, later]), COVERAGE_COLUMNS)).toEqual({
    ...{ rows: 2, first: Date.parse(LINE.minute), last: Date.parse(later.minute), latestEnd: 1795150920 },
    ...{ greatestStatus: 'NODATA', columns: COVERAGE_COLUMNS.map(({ name }) => name) },
  });
});

test('columns without a value, and files without a row, say nothing', async () => {
  const { end: _, ...unended } = LINE;
  expect(await learn(await parquetRows(COVERAGE_COLUMNS, [unended]), COVERAGE_COLUMNS)).toMatchObject({
    latestEnd: null,
    greatestStatus: 'NODATA',
  });
  expect(await learn(await parquetRows(COVERAGE_COLUMNS, []), COVERAGE_COLUMNS)).toMatchObject({
    rows: 0,
    first: null,
  });
});

describe('a file that is none', () => {
  const whole = parquetRows(COVERAGE_COLUMNS, [LINE]);
  test.each<[string, (body: Buffer) => Buffer, string]>([
    ['empty', () => Buffer.alloc(0), 'it is empty'],
    ['a few bytes', () => Buffer.from('PAR1'), 'it is too short'],
    ['text', () => Buffer.from('interface,bytes\n'.repeat(9)), 'it does not end with PAR1: it is not whole'],
    ['its first half', (body) => body.subarray(0, body.length >> 1), 'it does not end with PAR1: it is not whole'],
    ['encrypted', (body) => Buffer.concat([body.subarray(0, -4), Buffer.from('PARE')]), 'it is encrypted'],
    [
      'of a long footer',
      (body) => Buffer.from(body).fill(0xff, body.length - 8, body.length - 4),
      'its metadata would be',
    ],
    ['of a wrong footer', (body) => Buffer.from(body).fill(0xff, body.length - 100, body.length - 8), 'it'],
    [
      'of an earlier part of the file',
      (body) => Buffer.concat([body.subarray(0, 4), body.subarray(60)]),
      'its metadata',
    ],
  ])('%s', async (_, damage, reason) => {
    expect(await learn(damage(await whole), COVERAGE_COLUMNS)).toEqual({ unreadable: expect.stringContaining(reason) });
  });

  test('of another table, or with other types, is named too', async () => {
    const minuteless = COVERAGE_COLUMNS.slice(1);
    expect(await learn(await parquetRows(minuteless, [{ interface_id: 'eni-1' }]))).toEqual({
      unreadable: 'it has no column minute',
    });
    const text = COVERAGE_COLUMNS.map((column) => ({ ...column, type: 'string' as const }));
    expect(await learn(await parquetRows(text, [{ ...LINE, records: 'many' }]), COVERAGE_COLUMNS)).toEqual({
      unreadable: 'its column minute is of the type BYTE_ARRAY',
    });
    const number = COVERAGE_COLUMNS.map((c) => (c.name === 'minute' ? { ...c, type: 'int64' as const } : c));
    expect(await learn(await parquetRows(number, [{ ...LINE, minute: 5 }]), COVERAGE_COLUMNS)).toEqual({
      unreadable: 'its column minute is of the type INT64',
    });
  });
});

test.each(['start', 'end', 'bytes'])('a file without the column %s is none of ours', async (name) => {
  const lacking = DIGEST_COLUMNS.filter((column) => column.name !== name);
  expect(await learn(await parquetRows(lacking, [{ minute: LINE.minute, flows: 1 }]))).toEqual({
    unreadable: `it has no column ${name}`,
  });
});

describe('what is known', () => {
  test('stays known of a file that turns out to be damaged', async () => {
    const memory = new FileMemory();
    const path = await fileOf(await parquetRows(COVERAGE_COLUMNS, [LINE]));
    const facts = await memory.learn(object('a'), path, COVERAGE_COLUMNS);
    memory.setDamage(object('a'), 'bad');
    expect(memory.get(object('a'))).toEqual({ ...facts, damage: 'bad' });
    memory.setDamage(object('b'), 'bad');
    expect(memory.get(object('b'))).toEqual({ unreadable: 'bad' });
  });

  test('is known of one content: another tag is another file', async () => {
    const memory = new FileMemory();
    memory.set(object('a', '1'), { unreadable: 'it is empty' });
    expect(memory.get(object('a', '1'))).toEqual({ unreadable: 'it is empty' });
    expect(memory.get(object('a', '2'))).toBeUndefined();
  });

  test('is bounded: what was not asked for longest is forgotten', () => {
    const memory = new FileMemory(2);
    for (const key of ['a', 'b']) memory.set(object(key), { unreadable: key });
    memory.get(object('a'));
    memory.set(object('c'), { unreadable: 'c' });
    expect(['a', 'b', 'c'].map((key) => memory.get(object(key)) !== undefined)).toEqual([true, false, true]);
  });

  test('is nothing of a file that is gone, and not remembered where the disk refuses', async () => {
    const memory = new FileMemory();
    expect(await memory.learn(object('gone'), join(directory, 'nowhere.parquet'), DIGEST_COLUMNS)).toBeNull();
    await mkdir(join(directory, 'folder.parquet'));
    expect(await memory.learn(object('folder'), join(directory, 'folder.parquet'), DIGEST_COLUMNS)).toEqual({
      unreadable: 'it cannot be read (EISDIR)',
    });
    expect(memory.get(object('folder'))).toBeUndefined();
  });
});
