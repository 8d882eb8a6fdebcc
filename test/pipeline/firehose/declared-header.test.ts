// A header line before a record's lines: the decoder reads the lines under it, however and how often they are compressed.
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { behindHeader } from '../../../pipeline/firehose/declared-header.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { addsUp, type Decoded, decodeRecords, envelope, SECOND } from '../decode/decoded.ts';

const HEADER = 'interface-id start srcaddr dstaddr end';
const line = (host: number): string => `eni-0a ${SECOND} 10.0.0.${host} 10.1.0.1 ${SECOND + 59}`;
const lines = [line(1), line(2), line(3)];
const settings = { ...DEFAULT_SETTINGS, formats: [{ logGroup: 'ruled', format: '${srcaddr} ${dstaddr}' }] };

const forms: Readonly<Record<string, string>> = {
  text: `${lines.join('\n')}\n`,
  'text without a last line end': lines.join('\n'),
  'messages that follow each other': lines.map((message) => JSON.stringify({ message })).join(''),
  'messages on lines': lines.map((message) => `${JSON.stringify({ message })}\n`).join(''),
  'an envelope without a rule': envelope(lines),
  'envelopes and messages': `${envelope(lines.slice(0, 1))}${JSON.stringify({ message: lines[1] })}\n${envelope(lines.slice(2), {}, 9)}`,
};

const pack = (data: Buffer, layers: readonly ('gzip' | 'zlib')[]): Buffer =>
  layers.reduceRight((inner, layer) => (layer === 'gzip' ? gzipSync(inner) : deflateSync(inner)), data);

const read = async (data: Buffer): Promise<Decoded> => {
  const decoded = await decodeRecords([behindHeader(HEADER)(data)], settings);
  expect(addsUp(decoded)).toBe(true);
  return decoded;
};

const packings = fc.array(fc.constantFrom<'gzip' | 'zlib'>('gzip', 'zlib'), { maxLength: 3 });

test.each(Object.entries(forms))('%s: every line is a flow of the declared format', async (_, text) => {
  await fc.assert(
    fc.asyncProperty(packings, async (layers) => {
      const { counts, rows } = await read(pack(Buffer.from(text), layers));
      expect(counts).toMatchObject({ lines: 3, flows: 3, rejects: { total: 0 } });
      expect(rows.every((row) => row.includes('interface_id=eni-0a'))).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test('gzip members of which each holds an envelope', async () => {
  const members = lines.map((message, i) => gzipSync(envelope([message], {}, i)));
  expect((await read(Buffer.concat(members))).counts).toMatchObject({ flows: 3, envelopes: 3, rejects: { total: 0 } });
});

test('the rule of a log group wins, for its own lines only', async () => {
  const ruled = envelope(['10.0.0.7 10.1.0.1'], { logGroup: 'ruled' });
  const { counts, rows } = await read(
    gzipSync(`${ruled}${JSON.stringify({ message: line(1) })}${envelope([line(2)])}`),
  );
  expect(counts).toMatchObject({ lines: 3, flows: 3, rejects: { total: 0 } });
  expect(rows.filter((row) => row.includes('interface_id=eni-0a'))).toHaveLength(2);
});

test('a control message is one still, and a record without anything has no line', async () => {
  const control = JSON.stringify({
    messageType: 'CONTROL_MESSAGE',
    owner: 'CloudwatchLogs',
    logGroup: '',
    logStream: '',
    logEvents: [{ id: '', timestamp: 1, message: 'checking' }],
  });
  expect((await read(gzipSync(control))).counts).toMatchObject({ control: 1, lines: 0, rejects: { total: 0 } });
  expect((await read(Buffer.alloc(0))).counts).toMatchObject({ lines: 0, rejects: { total: 0 } });
});

test('it holds for its record alone', async () => {
  const { counts } = await decodeRecords([behindHeader(HEADER)(Buffer.from(line(1))), line(2)]);
  expect(counts).toMatchObject({ flows: 1, rejects: { lines: 1 } });
});

test('it is put before anything at all without a failure, and as one text', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.constantFrom([], [0x1f, 0x8b], [0x1f, 0x8b, 8], [0x78, 0x9c]),
      (bytes, start) => {
        const data = Buffer.concat([Buffer.from(start), bytes]);
        const behind = behindHeader(HEADER)(data);
        expect(behind.subarray(behind.length - data.length).equals(data)).toBe(true);
        expect(behind.length).toBeGreaterThan(data.length);
      },
    ),
  );
});
