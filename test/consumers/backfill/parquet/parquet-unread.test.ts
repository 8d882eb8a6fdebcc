// Parquet that is whole and uses what is not read: it is no object, where damage would be a reject.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { file, text } from '../flow-files.ts';
import { load, total } from '../object-loading.ts';
import { inDuckDb, writeParquet } from '../parquet-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-unread-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADER =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';

describe('what is whole and not read', () => {
  const isUnread = async (bytes: Buffer, why: RegExp) => {
    const store = new MemoryStore();
    const refused = { code: 'VF_SOURCE_UNREADABLE', message: expect.stringMatching(why) };
    await expect(load(file(join(folder, 'unread'), bytes), store)).rejects.toMatchObject(refused);
    expect([...store.backing.keys()].filter((key) => !key.startsWith('configs/'))).toEqual([]);
  };

  test('is no object: nothing of it is claimed', async () => {
    const lines = `${HEADER}\n${text(50)}`;
    const lz4 = await writeParquet(join(folder, 'lz4.parquet'), lines, 'COMPRESSION lz4_raw');
    await isUnread(readFileSync(lz4), /LZ4_RAW, which is not read/);
    await isUnread(Buffer.from('PARE and more PARE'), /it is encrypted/);
    const path = join(folder, 'split.parquet');
    const rows = "SELECT 2 AS version, 'a' AS srcaddr, 'b' AS dstaddr, i * 1.5::DOUBLE AS bytes FROM range(5000) t(i)";
    await inDuckDb(`COPY (${rows}) TO '${path}' (FORMAT parquet, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1)`);
    await isUnread(readFileSync(path), /column bytes has the encoding BYTE_STREAM_SPLIT/);
  });

  test('is no matter in a column that is no field', async () => {
    const path = join(folder, 'split-other.parquet');
    const rows = "SELECT 2 AS version, 'a' AS srcaddr, 'b' AS dstaddr, i * 1.5::DOUBLE AS score FROM range(5000) t(i)";
    await inDuckDb(`COPY (${rows}) TO '${path}' (FORMAT parquet, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1)`);
    const store = new MemoryStore();
    expect((await load(path, store)).outcome).toBe('loaded');
    expect(total(store).lines).toBe(5000);
  });
});
