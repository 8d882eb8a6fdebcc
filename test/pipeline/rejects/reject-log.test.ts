// The reject log: what it keeps of each reject, bounded members, and the same bytes for the same rejects.
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type NewReject, RejectLog } from '../../../pipeline/rejects/reject-log.ts';

const rejected = (raw: Buffer, more: Partial<NewReject> = {}): NewReject => ({
  reason: 'token_count',
  scope: 'line',
  format: null,
  detail: 'd',
  source: 's',
  offset: 3,
  logGroup: null,
  time: null,
  raw,
  cut: false,
  whole: null,
  ...more,
});

const rowsOf = (log: RejectLog): Record<string, unknown>[] => {
  const { ndjsonGz } = log.finish();
  if (ndjsonGz === null) return [];
  const lines = gunzipSync(ndjsonGz).toString().split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line));
};

const rowOf = (reject: NewReject): Record<string, unknown> => {
  const log = new RejectLog('epoch');
  log.add(reject);
  return rowsOf(log)[0];
};

test('raw bytes come back as they were', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const { raw, raw_base64 } = rowOf(rejected(Buffer.from(bytes)));
        const kept = raw === undefined ? Buffer.from(String(raw_base64), 'base64') : Buffer.from(String(raw));
        expect(kept).toEqual(Buffer.from(bytes));
      },
    ),
    { numRuns: 40 },
  );
});

test('what is longer than 64 KiB is cut between characters', () => {
  for (const [text, kept] of [
    ['x'.repeat(65_536), 65_536],
    ['x'.repeat(65_537), 65_536],
    [`${'x'.repeat(65_535)}é`, 65_535],
    [`${'x'.repeat(65_534)}é!`, 65_536],
    [`${'x'.repeat(65_533)}😀`, 65_533],
    [`${'x'.repeat(65_532)}😀!`, 65_536],
  ] as const) {
    const row = rowOf(rejected(Buffer.from(text)));
    expect(Buffer.byteLength(String(row.raw))).toBe(kept);
    expect(row.cut).toBe(Buffer.byteLength(text) > 65_536 ? true : undefined);
  }
});

test('a view of a buffer that changes afterwards is kept as it was', () => {
  const log = new RejectLog('epoch');
  const buffer = Buffer.from('before');
  log.add(rejected(buffer));
  buffer.write('after!');
  expect(rowsOf(log)).toMatchObject([{ raw: 'before' }]);
});

test('whole records are kept once each, named in their rejects, in order', () => {
  const log = new RejectLog('epoch');
  const [first, second] = [Buffer.from('first'), Buffer.from('second')];
  log.add(rejected(first, { whole: first, logGroup: 'g' }));
  log.add(rejected(first, { whole: first }));
  log.add(rejected(second));
  log.add(rejected(second, { whole: second }));
  expect(log.bytes).toBeGreaterThan(11);
  expect(log.rows).toBe(4);
  expect(log.finish().raws).toEqual([first, second]);
  expect(rowsOf(log).map(({ whole, log_group }) => [whole, log_group])).toEqual([
    ['epoch-0.raw', 'g'],
    ['epoch-0.raw', undefined],
    [undefined, undefined],
    ['epoch-1.raw', undefined],
  ]);
});

test('the same rejects give the same bytes, in members that bound what is held', () => {
  const fill = (): RejectLog => {
    const log = new RejectLog('epoch');
    for (let i = 0; i < 100; i++) log.add(rejected(Buffer.alloc(60_000, 97 + (i % 26)), { offset: i }));
    return log;
  };
  const log = fill();
  expect(log.bytes).toBeLessThan(1024 * 1024 + 60_000);
  const first = log.finish().ndjsonGz;
  expect(first).toEqual(fill().finish().ndjsonGz);
  expect(rowsOf(fill())).toHaveLength(100);
});

test('nothing rejected is no object', () => {
  expect(new RejectLog('epoch').finish()).toEqual({ ndjsonGz: null, raws: [] });
});
