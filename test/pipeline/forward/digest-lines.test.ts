// A digest file as lines of JSON: what is NULL is left out, what is exact stays exact, an id names the row.
import { expect, test } from 'vitest';
import { Decoder } from '../../../pipeline/decode/decode.ts';
import { EpochContents } from '../../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { digestLines } from '../../../pipeline/forward/digest-lines.ts';
import { DIGEST_COLUMNS } from '../../../schemas/columns.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { parquetRows } from '../../fakes/parquet-rows.ts';

const linesOf = async (key: string, parquet: Uint8Array): Promise<string[]> =>
  (await Array.fromAsync(digestLines(key, new Uint8Array(parquet)))).flat().map(String);

test('a line has the columns that have a value, in the order of the table', async () => {
  const parquet = await parquetRows(DIGEST_COLUMNS, [
    {
      ...{ minute: '2026-11-20T14:05:00Z', account_id: '000000000001', srcaddr: '10.0.0.1', dstport: 0 },
      ...{ flows: 1, packets: 9007199254740993n, end: 1795183559, tcp_flags: 18, reject_reason: 'BPA "x"\n' },
    },
    { minute: '2026-11-20T14:06:00Z', flows: 9223372036854775807n, instance_id: 'i-1' },
  ]);
  expect(await linesOf('digests/a"b.parquet', parquet)).toEqual([
    '{"kind":"digest","id":"digests/a\\"b.parquet#0","minute":"2026-11-20T14:05:00Z","account_id":"000000000001","srcaddr":"10.0.0.1","dstport":0,"reject_reason":"BPA \\"x\\"\\n","flows":1,"packets":9007199254740993,"end":1795183559,"tcp_flags":18}\n',
    '{"kind":"digest","id":"digests/a\\"b.parquet#1","minute":"2026-11-20T14:06:00Z","instance_id":"i-1","flows":9223372036854775807}\n',
  ]);
});

test('a file without rows has no line', async () => {
  expect(await linesOf('k', await parquetRows(DIGEST_COLUMNS, []))).toEqual([]);
});

test('bytes that are no Parquet file are refused', async () => {
  await expect(linesOf('k', Buffer.from('nothing of the kind'))).rejects.toThrow();
});

test('what the digest wrote, over several row groups: every row once, numbered through', {
  timeout: 60_000,
}, async () => {
  const rows = 140_000;
  const contents = new EpochContents('s', new IdentityWindow());
  const decoder = new Decoder(DEFAULT_SETTINGS);
  decoder.target = contents;
  const start = 1795183500;
  const text = Array.from({ length: rows }, (_, i) => {
    const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    const [protocol, measures] = i % 1000 === 0 ? ['-', '- -'] : ['6', `${i} ${i * 40}`];
    return `2 123456789012 eni-1 ${address} 172.16.0.1 0 443 ${protocol} ${measures} ${start} ${start + 60} ACCEPT OK`;
  }).join('\n');
  await decoder.decodeRecord({ data: Buffer.from(text), arrival: start * 1000, source: 's/1', partitionKey: 'p' });
  const { objects } = await contents.finish({ first: start * 1000, min: 0, max: 0 }, null);
  const { key, body } = objects.find(({ table }) => table === 'digests')!;
  const lines = (await linesOf(key, body)).map((line) => JSON.parse(line));
  expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: rows }, (_, i) => `${key}#${i}`));
  const sum = (name: string): number => lines.reduce((total, line) => total + (line[name] ?? 0), 0);
  const expected = Array.from({ length: rows }, (_, i) => (i % 1000 === 0 ? 0 : i)).reduce((a, b) => a + b);
  expect([sum('flows'), sum('packets'), sum('bytes')]).toEqual([rows, expected, expected * 40]);
  expect(new Set(lines.map(({ srcaddr }) => srcaddr)).size).toBe(rows);
  expect(lines.filter((line) => !('protocol' in line)).length).toBe(rows / 1000);
});
