// Parquet objects against the text of the same rows, and against every kind of file that is none of flow logs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadObject } from '../../../../consumers/backfill/object/load-object.ts';
import { identify } from '../../../../consumers/backfill/object/object-file.ts';
import { parquetText } from '../../../../consumers/backfill/parquet/parquet-text.ts';
import { ParquetUnread } from '../../../../consumers/shared/parquet/damage.ts';
import { TRANSIT_GATEWAY } from '../../../../pipeline/formats/format-choice.ts';
import { emptyDigest } from '../../../../pipeline/parquet/encode.ts';
import { DEFAULT_FEED } from '../../../../schemas/chain.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { requirement } from '../../../requirements.ts';
import { file, text } from '../flow-files.ts';
import { bytesOf, commits, contents, load, total } from '../object-loading.ts';
import { fieldsUpTo, fieldText, inDuckDb, writeParquet } from '../parquet-files.ts';
import { decodedRejects } from '../stored-rejects.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-parquet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the file becomes, and what is wrong with it. */
const textOf = async (bytes: Buffer) => {
  let read = 0;
  const source = {
    size: bytes.length,
    read: (position: number, length: number) => Promise.resolve(bytes.subarray(position, position + length)),
  };
  const chunks: Buffer[] = [];
  const lines = parquetText(source, (count) => {
    read += count;
  });
  for (;;) {
    const step = await lines.next();
    if (step.done !== true) chunks.push(Buffer.from(step.value));
    else return { text: Buffer.concat(chunks).toString(), damage: step.value, read };
  }
};

/** The digests and coverage of a store, whatever their source is called. */
const tables = (store: MemoryStore): readonly string[] =>
  Object.entries(contents(store))
    .filter(([key]) => /^(digests|coverage)\//.test(key))
    .map(([key, body]) => `${key.slice(0, key.lastIndexOf('/'))} ${key.slice(key.lastIndexOf('-'))} ${body}`);

const HEADER =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';

describe('is read as the text of the same rows', () => {
  const ways = [
    'COMPRESSION gzip',
    'COMPRESSION snappy',
    'COMPRESSION zstd',
    'COMPRESSION uncompressed',
    'COMPRESSION gzip, ROW_GROUP_SIZE 2048',
    'COMPRESSION snappy, PARQUET_VERSION V2',
    'COMPRESSION gzip, PARQUET_VERSION V2, ROW_GROUP_SIZE 4096, DICTIONARY_SIZE_LIMIT 1',
    'COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1',
  ];
  const formats: readonly (readonly [string, readonly string[]])[] = [
    ...[2, 3, 4, 5, 7, 8, 9, 10, 11].map((version) => [`version ${version}`, fieldsUpTo(version)] as const),
    ['transit gateways', TRANSIT_GATEWAY.fields.map((field) => field?.id ?? '')],
  ];

  test.each(ways)('%s', async (options) => {
    const all = fieldText(fieldsUpTo(11), 5000);
    const path = await writeParquet(join(folder, 'ways', `${options.replaceAll(/\W+/g, '-')}.parquet`), all, options);
    const bytes = readFileSync(path);
    const { text: read, damage, read: told } = await textOf(bytes);
    expect(damage).toBeNull();
    expect(told).toBe(bytes.length);
    expect(read === all).toBe(true);
  });

  test.each(formats)('the fields of %s, into the same digests', async (name, ids) => {
    const path = join(folder, 'formats', name.replaceAll(' ', '-'));
    await writeParquet(path, fieldText(ids, 500), 'COMPRESSION gzip, ROW_GROUP_SIZE 2048');
    const [fromText, fromParquet] = [new MemoryStore(), new MemoryStore()];
    await load(`${path}.log`, fromText, { partLines: 200 });
    await load(path, fromParquet, { partLines: 200 });
    expect(tables(fromParquet)).toEqual(tables(fromText));
    expect(tables(fromParquet).length).toBeGreaterThan(3);
    const counted = (store: MemoryStore) => commits(store).map(({ counts }) => counts);
    expect(counted(fromParquet)).toEqual(counted(fromText));
  });
});

describe('rows of other writers', () => {
  const written = async (name: string, select: string, options = 'COMPRESSION snappy') => {
    const path = join(folder, `${name}.parquet`);
    await inDuckDb(`COPY (${select}) TO '${path}' (FORMAT parquet, ${options})`);
    return textOf(readFileSync(path));
  };

  test('have times in Unix seconds, whatever their unit, and numbers as they are', async () => {
    const { text: read } = await written(
      'types',
      `SELECT TIMESTAMPTZ '2026-11-20 05:00:01.9Z' AS start, TIMESTAMP_NS '2026-11-20 05:00:02.5' AS "end",
        TIMESTAMP_MS '1969-12-31 23:59:58.5' AS "Bytes", 443::DOUBLE AS srcport, 4294967295::UINTEGER AS dstport,
        18446744073709551615::UBIGINT AS packets, (-5)::TINYINT AS protocol, DATE '2026-11-20' AS "tcp-flags",
        1.5::DECIMAL(9, 2) AS traffic_path, 'x' AS srcaddr, NULL::VARCHAR AS dstaddr, '' AS action,
        1234::BIGINT AS account_id, 'None' AS region`,
    );
    expect(read).toBe(
      'start end bytes srcport dstport packets protocol tcp-flags traffic-path srcaddr dstaddr action account-id region\n' +
        '1795150801 1795150802 -2 443 4294967295 18446744073709551615 -5 20777:DATE 150:DECIMAL x - - 000000001234 None\n',
    );
  });

  test('have unknown columns named in the header, as long as it is one with them', async () => {
    const few = await written(
      'few',
      `SELECT '10.0.0.1' AS srcaddr, 1 AS start, [1] AS tags, 'x' AS "New_Field", 2 AS bytes`,
    );
    expect(few.text).toBe('srcaddr start bytes tags new-field\n10.0.0.1 1 2 - -\n');
    const many = await written('many', `SELECT '10.0.0.1' AS srcaddr, '10.0.0.2' AS dstaddr, 1 AS a, 2 AS b, 3 AS c`);
    expect(many.text).toBe('srcaddr dstaddr a\n10.0.0.1 10.0.0.2 -\n');
  });

  test('with a blank or a control character in a value are no lines with other values in their places', async () => {
    const tagged = (value: string) =>
      `SELECT 1790000000 AS start, ${value} AS az_id, ' ' AS region, 7::BIGINT AS bytes`;
    for (const [name, options] of [
      ['dictionary', 'COMPRESSION snappy'],
      ['plain', 'COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1'],
    ]) {
      const path = join(folder, `blanks-${name}.parquet`);
      const rows = ["'a b'", 'chr(10)', "chr(9) || 'x'", "''", "'a' || chr(10) || '1790000000 b c 9'"].map(tagged);
      await inDuckDb(`COPY (${rows.join(' UNION ALL ')}) TO '${path}' (FORMAT parquet, ${options})`);
      const store = new MemoryStore();
      await load(path, store);
      expect(total(store)).toMatchObject({ lines: 5, flows: 0, rejects: 5 });
      const rejects = decodedRejects(store);
      expect(rejects.map(({ reason, offset }) => [reason, offset])).toEqual(
        [0, 1, 2, 3, 4].map((i) => ['token_count', i]),
      );
      expect(rejects[0].raw).toBe('1790000000 "a b" " " 7');
    }
  });

  test('that begin like JSON are lines all the same', async () => {
    const { text: read } = await written(
      'json',
      `SELECT '{"a":1}' AS srcaddr, i AS start, 1 AS bytes FROM range(3) AS t(i)`,
    );
    const store = new MemoryStore();
    await load(join(folder, 'json.parquet'), store);
    expect(read.split('\n').slice(0, 3)).toEqual(['srcaddr start bytes', 'srcaddr start bytes', '{"a":1} 0 1']);
    expect(total(store)).toMatchObject({ lines: 3, rejects: 3 });
    expect(decodedRejects(store).map(({ scope, offset }) => [scope, offset])).toEqual(
      [0, 1, 2].map((i) => ['line', i]),
    );
  });

  test('with a text longer than any line are rejects of their own', async () => {
    const { text: read } = await written(
      'long',
      `SELECT i AS start, repeat('x', 100000 * (i % 2)) AS region, 1 AS bytes FROM range(4) AS t(i)`,
    );
    const lines = read.trimEnd().split('\n');
    expect(lines.map((one) => one.length > 64 * 1024)).toEqual([false, false, true, false, true]);
    expect(lines[3]).toBe('2 - 1');
  });

  test('of the reader of flow logs that others use', async () => {
    const path = '../shared/samples/flow-lines/flowlogs-reader/flows.parquet';
    if (!requirement('../shared/samples', existsAt(path), 'reads a Parquet file of another tool')) return;
    const store = new MemoryStore();
    await load(path, store);
    expect(commits(store)[0].counts).toMatchObject({ lines: 3, flows: 1, nodata: 1 });
    expect(total(store).bytes).toBe(840n);
    // Its third row, without traffic, has the protocol 8080.
    expect(decodedRejects(store).map(({ reason, offset }) => [reason, offset])).toEqual([['bad_number', 2]]);
    const { text: read } = await textOf(readFileSync(path));
    expect(read.split('\n')[1]).toContain(
      '123456789010 eni-102010ab 198.51.100.1 192.0.2.1 443 49152 6 10 840 1439387263 1439387264',
    );
  });
});

const existsAt = (path: string): boolean => {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
};

describe('what is no flow log is one reject, and committed as such', () => {
  const detailOf = async (bytes: Uint8Array): Promise<string> => {
    const store = new MemoryStore();
    await load(file(join(folder, 'other'), bytes), store);
    expect(commits(store).map(({ final }) => final)).toEqual([true]);
    expect(total(store)).toMatchObject({ flows: 0, rejects: 1 });
    const [reject] = decodedRejects(store);
    expect(reject).toMatchObject({ reason: 'envelope_undecodable', scope: 'envelope' });
    return reject.detail;
  };

  test('other columns', async () => {
    const path = join(folder, 'people.parquet');
    await inDuckDb(`COPY (SELECT 'x' AS name, 1 AS age, 2 AS start) TO '${path}' (FORMAT parquet)`);
    expect(await detailOf(readFileSync(path))).toBe(
      'bad Parquet: it is Parquet, but not of flow logs: it has the columns name, age, start',
    );
  });

  test('a file of a store', async () => {
    expect(await detailOf(await emptyDigest())).toContain('it is Parquet of a vpcflow store');
  });

  test('the begin of a file, a file without an end', async () => {
    expect(await detailOf(Buffer.from('PAR1 and no more'))).toContain('it does not end with PAR1');
    expect(await detailOf(Buffer.from('PAR1'))).toContain('too short');
    expect(await detailOf(Buffer.from('PAR1\xff\xff\xff\xffPAR1', 'latin1'))).toContain('its metadata would be of');
  });
});

describe('damage', () => {
  let whole = Buffer.alloc(0);
  beforeAll(async () => {
    const lines = `${HEADER}\n${text(5000)}`;
    const path = await writeParquet(join(folder, 'whole.parquet'), lines, 'COMPRESSION snappy, ROW_GROUP_SIZE 2048');
    whole = readFileSync(path);
  });

  test('at any byte, of any kind, never ends more than the object', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const nearEnd = fc.boolean();
    await fc.assert(
      fc.asyncProperty(damage, nearEnd, fc.nat(), async (changes, atEnd, cut) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of changes) bytes[atEnd ? bytes.length - 1 - (at % 2000) : at % bytes.length] = byte;
        const some = cut % 5 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
        const result = await textOf(some).catch((error: unknown) => error);
        if (result instanceof ParquetUnread) return; // a codec in the metadata is another, as far as can be told
        if (result instanceof Error) throw result;
        const { text: read, damage: end } = result as Awaited<ReturnType<typeof textOf>>;
        if (end !== null) expect(end.reason).toMatch(/^envelope_/);
        expect(read === '' || read.endsWith('\n')).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('in the middle keeps the rows in front of it', async () => {
    const bytes = Buffer.from(whole);
    bytes.fill(0xff, whole.length / 2, whole.length / 2 + 2000);
    const store = new MemoryStore();
    await load(file(join(folder, 'middle'), bytes), store);
    const { flows, rejects } = total(store);
    expect(flows).toBe(2048);
    expect(rejects).toBe(1);
    expect(decodedRejects(store)[0].detail).toMatch(/^bad Parquet: /);
  });
});

test('a crash after any step of the store is resumed to the same objects', async () => {
  const partLines = 40;
  const path = await writeParquet(join(folder, 'crash.parquet'), `${HEADER}\n${text(90)}`, 'COMPRESSION gzip');
  const whole = new MemoryStore();
  await load(path, whole, { partLines });
  expect(total(whole)).toEqual({ records: 1, lines: 90, flows: 90, rejects: 0, bytes: bytesOf(90) });
  for (let step = 1; ; step++) {
    const store = new MemoryStore();
    let seen = 0;
    const crashing = store.client({
      afterEach: () => {
        if (++seen === step) throw new Error('crash');
      },
    });
    const first = await load(path, crashing, { partLines }).catch((error: Error) => error);
    if (!(first instanceof Error)) break;
    expect(first.message).toBe('crash');
    await load(path, store, { partLines });
    expect(contents(store)).toEqual(contents(whole));
    expect(step).toBeLessThan(60);
  }
});

test('a file that is written over while it is read is not committed', async () => {
  const path = await writeParquet(join(folder, 'changing.parquet'), `${HEADER}\n${text(90)}`, 'COMPRESSION gzip');
  const store = new MemoryStore();
  const object = await identify(path, () => {});
  const bytes = readFileSync(path);
  file(path, bytes.fill(0, 500, 600));
  const loading = { store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew: false, dryRun: false };
  const more = { feed: DEFAULT_FEED, overlap: 'refuse' as const, onBytes: () => {} };
  await expect(loadObject({ path, name: path }, object, { ...loading, ...more })).rejects.toMatchObject({
    code: 'VF_SOURCE_UNREADABLE',
  });
  expect(commits(store)).toEqual([]);
});
