// Real and documented payloads from beside the repository, counted out and compared with what JSON.parse says of them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { splitObjects } from '../../reference/envelope.ts';
import { requirement } from '../../requirements.ts';
import { addsUp, decodeRecords } from './decoded.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');
const available = requirement(
  'the sample directory ../shared',
  existsSync(SAMPLES),
  'decodes payloads of other projects',
);

const files = (): string[] =>
  ['cwl-envelopes', 'firehose', 'kinesis'].flatMap((kind) =>
    readdirSync(join(SAMPLES, kind), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(json|txt)$/.test(file))
      .map((file) => `${kind}/${file}`),
  );

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Every payload in a JSON value: base64 under a key `data`, and objects that are envelopes or messages themselves. */
const payloads = (value: unknown): Buffer[] => {
  if (!isRecord(value)) return [];
  const own = !Array.isArray(value) && ('messageType' in value || typeof value.message === 'string');
  const inner = Object.entries(value).flatMap(([key, item]) =>
    key.toLowerCase() === 'data' && typeof item === 'string' ? [Buffer.from(item, 'base64')] : payloads(item),
  );
  return own ? [Buffer.from(JSON.stringify(value))] : inner;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null; // some documented examples are no JSON
  }
};

/** What a payload holds, told without any of our code; null where it is no JSON. */
const expected = (payload: Buffer): { envelopes: number; control: number; lines: number } | null => {
  const bytes = payload[0] === 0x1f && payload[1] === 0x8b ? gunzipSync(payload) : payload;
  if (bytes[0] !== 0x7b) return null;
  const told = { envelopes: 0, control: 0, lines: 0 };
  for (const object of splitObjects(bytes.toString()).map(parsed)) {
    if (!isRecord(object)) return null;
    const events = Array.isArray(object.logEvents) ? object.logEvents : [];
    if (object.messageType === 'CONTROL_MESSAGE') told.control++;
    if (object.messageType === 'DATA_MESSAGE') {
      told.envelopes++;
      told.lines += events.filter((event) => typeof event.message === 'string').length;
    }
    if (object.messageType === undefined && typeof object.message === 'string') told.lines++;
  }
  return told;
};

describe.skipIf(!available)('sample payloads', () => {
  for (const file of available ? files() : []) {
    test(file, async () => {
      const text = readFileSync(join(SAMPLES, file), 'utf8');
      const found = payloads(parsed(text));
      for (const payload of [...found, Buffer.from(text)]) {
        const decoded = await decodeRecords([payload]);
        expect(addsUp(decoded)).toBe(true);
        expect(decoded.counts.records).toBe(1);
        const told = expected(payload);
        if (told !== null) expect(decoded.counts).toMatchObject(told);
      }
    });
  }

  test('hold real flow logs, as CloudWatch Logs sends them', async () => {
    const all = files().flatMap((file) => payloads(parsed(readFileSync(join(SAMPLES, file), 'utf8'))));
    const { counts } = await decodeRecords(all);
    expect(counts.records).toBe(all.length);
    expect(counts.envelopes).toBeGreaterThan(5);
    expect(counts.control).toBeGreaterThan(0);
    expect(counts.rejects.by_reason.decoder_error).toBeUndefined();
  });
});
