// A reject log as lines of JSON: what was kept, with an id, over any number of gzip members and chunks.
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { rejectLines } from '../../../pipeline/forward/reject-lines.ts';
import { RejectLog } from '../../../pipeline/rejects/reject-log.ts';

const logOf = (raws: readonly Uint8Array[]): Uint8Array => {
  const log = new RejectLog('s');
  raws.forEach((raw, offset) => {
    const reject = {
      reason: 'token_count',
      scope: 'line',
      format: null,
      detail: 'it has 3 tokens',
      source: 's/1',
      time: null,
    } as const;
    log.add({ ...reject, offset, raw, logGroup: '/vpc/"a"', cut: false, whole: null });
  });
  return log.finish().ndjsonGz!;
};

const linesOf = async (gz: Uint8Array): Promise<string[]> =>
  (await Array.fromAsync(rejectLines('rejects/x.ndjson.gz', gz))).flat().map(String);

test('every reject is the object that was kept, with kind and id before it', async () => {
  const raws = Array.from({ length: 300 }, (_, i) =>
    Buffer.from(i % 7 === 0 ? [0xff, i & 255] : `line\n ${i} ä `.repeat(1 + i * 5)),
  );
  const gz = logOf(raws);
  const kept = gunzipSync(gz).toString().trimEnd().split('\n');
  expect(kept.length).toBe(300);
  const lines = await linesOf(gz);
  expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    kept.map((line, i) => ({ kind: 'reject', id: `rejects/x.ndjson.gz#${i}`, ...JSON.parse(line) })),
  );
});

test('several members are one log', async () => {
  const raws = Array.from({ length: 40 }, (_, i) => Buffer.alloc(60_000, 'abc '[i % 4]));
  const ids = (await linesOf(logOf(raws))).map((line) => JSON.parse(line).id);
  expect(ids).toEqual(raws.map((_, i) => `rejects/x.ndjson.gz#${i}`));
});

test('bytes that end too early are refused', async () => {
  const gz = logOf([Buffer.from('a b c')]);
  await expect(linesOf(gz.subarray(0, gz.length - 9))).rejects.toThrow();
  await expect(linesOf(Buffer.from('no gzip'))).rejects.toThrow();
});
