// Records and objects, and what they are counted out as: golden cases, formats, duplicates, rejects, and who is to blame.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decoder } from '../../../pipeline/decode/decode.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';
import { expectGolden, goldenCases } from '../../golden-files.ts';
import { chunkSizes, cutUp, objectStream } from '../envelope/arbitrary-envelopes.ts';
import {
  ARRIVAL,
  addsUp,
  type Decoded,
  decodeChunks,
  decodedOf,
  decodeRecords,
  envelope,
  flowLine,
  newTarget,
  SECOND,
} from './decoded.ts';

const written = ({ counts, rows, coverage, rejects, longestInterval }: Decoded): string => {
  const replaced = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return `${JSON.stringify({ counts, longestInterval, rows, coverage, rejects }, replaced, 2)}\n`;
};

const settingsOf = (name: string): Settings => {
  const file = join(import.meta.dirname, '../../golden/envelope', `${name}.settings`);
  return existsSync(file) ? { ...DEFAULT_SETTINGS, ...JSON.parse(readFileSync(file, 'utf8')) } : DEFAULT_SETTINGS;
};

/** Nothing of what a duplicate filter needs is about arrival here: each record is at its own position. */
const windowAt = (sequence: number): IdentityWindow => {
  const window = new IdentityWindow();
  window.at(String(sequence), ARRIVAL);
  return window;
};

describe('golden records', () => {
  for (const { name, input } of goldenCases('envelope')) {
    test(name, async () => {
      const settings = settingsOf(name);
      const plain = await decodeRecords([input], settings);
      expectGolden('envelope', `${name}.out`, written(plain));
      expect(addsUp(plain)).toBe(true);
      const forms = [gzipSync(input), deflateSync(input), gzipSync(gzipSync(input)), deflateSync(gzipSync(input))];
      const half = input.length >> 1;
      forms.push(Buffer.concat([gzipSync(input.slice(0, half)), gzipSync(input.slice(half)), Buffer.alloc(3)]));
      for (const form of forms) expect(written(await decodeRecords([form], settings))).toBe(written(plain));
    });
  }
});

describe('objects', () => {
  test('come to the same however they are cut up and compressed', async () => {
    await fc.assert(
      fc.asyncProperty(objectStream, chunkSizes, async (source, sizes) => {
        const whole = await decodeChunks([Buffer.from(source)]);
        expect(addsUp(whole)).toBe(true);
        for (const bytes of [Buffer.from(source), gzipSync(source), gzipSync(gzipSync(source))]) {
          expect(await decodeChunks(cutUp(bytes, sizes))).toEqual(whole);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('are flow-log files with a header, whose format holds until the next one', async () => {
    const text = [
      'version interface-id srcaddr dstaddr bytes start log-status',
      `3 eni-1 10.0.0.1 10.0.0.2 7 ${SECOND} OK`,
      'version account_id start end log_status future-field',
      `5 123456789012 ${SECOND} ${SECOND + 600} NODATA x`,
      'version versions',
    ].join('\r\n');
    const decoded = await decodeChunks(cutUp(gzipSync(text), [7]));
    expect(decoded.counts).toMatchObject({
      records: 1,
      lines: 3,
      flows: 1,
      nodata: 1,
      bytes: 7n,
      rejects: { lines: 1 },
    });
    expect(decoded.longestInterval).toBe(600);
  });

  test('date a line by its claim where its format has no time, and never call it too far ahead', async () => {
    const settings: Settings = { ...DEFAULT_SETTINGS, format: '${resource-id} ${bytes}' };
    const decoded = await decodeChunks([Buffer.from('nat-1 7\nnat-1 8\n')], settings);
    expect(decoded.rejects).toEqual([]);
    expect(decoded.rows).toEqual([
      expect.stringMatching(`^${Math.floor(ARRIVAL / 60_000)} resource_id=nat-1 flows=2 `),
    ]);
    const later = await decodeChunks([Buffer.from(flowLine(1, 7, SECOND + 40 * 86_400))]);
    expect(later.counts).toMatchObject({ flows: 1, rejects: { total: 0 } });
  });

  test('take the end and the event timestamp before the claim, and reject a start that is not there', async () => {
    const header = 'bytes start\n7 -\n';
    expect((await decodeChunks([Buffer.from(header)])).counts.rejects.by_reason).toEqual({ bad_time: 1 });
    const ended = await decodeChunks([Buffer.from(`bytes end\n7 ${SECOND - 86_400}\n8 -\n`)]);
    const minutes = [Math.floor((SECOND - 86_400) / 60), Math.floor(ARRIVAL / 60_000)];
    expect(ended.rows.map((row) => Number(row.split(' ')[0]))).toEqual(minutes);
    const settings: Settings = { ...DEFAULT_SETTINGS, format: '${bytes}' };
    const [row] = (await decodeChunks([Buffer.from(envelope(['7']))], settings, ARRIVAL + 86_400_000)).rows;
    expect(row).toMatch(new RegExp(`^${Math.floor(SECOND / 60)} `));
  });

  test('are cut into parts from afterLine', async () => {
    const decoder = new Decoder(DEFAULT_SETTINGS);
    const targets = [newTarget()];
    decoder.target = targets[0];
    let lines = 0;
    decoder.afterLine = () => {
      if (++lines % 2 === 0) targets.push(newTarget());
      decoder.target = targets[targets.length - 1];
    };
    const bytes = Buffer.from(envelope([1, 2, 3, 4, 5].map((host) => flowLine(host))));
    async function* open(): AsyncGenerator<Buffer> {
      yield bytes;
    }
    await decoder.decodeObject({ source: 'object', open, arrival: ARRIVAL });
    const counts = targets.map((target) => decodedOf(target).counts);
    expect(counts.map(({ lines }) => lines)).toEqual([2, 2, 1]);
    expect(counts.map(({ records }) => records)).toEqual([1, 0, 0]);
    expect(counts.map(({ envelopes }) => envelopes)).toEqual([0, 0, 1]);
  });

  test('that cannot be read fail, and are no rejects', async () => {
    const decoder = new Decoder(DEFAULT_SETTINGS);
    decoder.target = newTarget();
    async function* open(): AsyncGenerator<Buffer> {
      yield Buffer.from(`${flowLine(1)}\n`);
      throw new Error('the disk is gone');
    }
    await expect(decoder.decodeObject({ source: 'object', open, arrival: ARRIVAL })).rejects.toThrow(
      'the disk is gone',
    );
  });
});

describe('formats', () => {
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    formats: [
      { logGroup: 'custom-*', format: '${version} ${srcaddr} ${dstaddr} ${bytes} ${start} ${log-status}' },
      { logGroup: '*', format: '${version} ${dstaddr} ${bytes} ${start} ${log-status}' },
    ],
    format: '${version} ${interface-id} ${start}',
  };
  const rowsFor = async (record: string): Promise<readonly string[]> => (await decodeRecords([record], settings)).rows;

  test('are chosen by log group, first match', async () => {
    const [first] = await rowsFor(envelope([`3 10.0.0.1 10.0.0.2 7 ${SECOND} OK`], { logGroup: 'custom-a' }));
    expect(first).toContain('srcaddr=10.0.0.1 dstaddr=10.0.0.2 flows=1');
    const [second] = await rowsFor(envelope([`3 10.0.0.2 7 ${SECOND} OK`]));
    expect(second).toContain(' dstaddr=10.0.0.2 flows=1');
  });

  test('of the settings apply to what has no log group, also behind an envelope', async () => {
    const both = `${envelope([`3 10.0.0.2 7 ${SECOND} OK`])}${JSON.stringify({ message: `3 eni-7 ${SECOND}` })}`;
    expect(await rowsFor(both)).toHaveLength(2);
    expect(await rowsFor(`3 eni-7 ${SECOND}`)).toHaveLength(1);
  });

  test('are those of the declared log group for what comes without one, and for nothing else', async () => {
    const ofGroup = { ...settings, formats: settings.formats.slice(0, 1), logGroup: 'custom-b' };
    const rows = async (record: string) => (await decodeRecords([record], ofGroup)).rows;
    const line = `3 10.0.0.1 10.0.0.2 7 ${SECOND} OK`;
    const read = expect.stringContaining('srcaddr=10.0.0.1 dstaddr=10.0.0.2 flows=1');
    for (const record of [line, JSON.stringify({ message: line }), envelope([line], { logGroup: undefined })]) {
      expect(await rows(record)).toEqual([read]);
    }
    const other = envelope([`3 eni-7 ${SECOND}`], { logGroup: 'other' });
    const interfaceOnly = expect.stringContaining('interface_id=eni-7 flows=1');
    expect(await rows(other)).toEqual([interfaceOnly]);
    expect(await rows(`${other}${JSON.stringify({ message: line })}`)).toEqual([read, interfaceOnly]);
  });
});

describe('duplicates', () => {
  const record = envelope([flowLine(1), flowLine(2)]);

  test.each(['whole', 'stream'])('of an envelope are counted and not merged (%s)', async (path) => {
    const window = windowAt(1);
    const again = path === 'whole' ? [record] : [gzipSync(record).subarray(0, -1)]; // a damage takes the other path
    const { counts } = await decodeRecords([record, ...again], DEFAULT_SETTINGS, newTarget(window));
    expect(counts).toMatchObject({ records: 2, envelopes: 1, duplicates: 1, lines: 2, flows: 2 });
  });

  test('are found where the events come before the header', async () => {
    const { logEvents, ...header } = JSON.parse(record);
    const other = JSON.stringify({ logEvents, ...header });
    const { counts } = await decodeRecords([record, other, gzipSync(other)], DEFAULT_SETTINGS, newTarget(windowAt(1)));
    expect(counts).toMatchObject({ envelopes: 1, duplicates: 2, lines: 2 });
  });

  test('are not what begins alike and goes on', async () => {
    const longer = envelope([flowLine(1), flowLine(2), flowLine(3)]);
    const { counts } = await decodeRecords([record, longer], DEFAULT_SETTINGS, newTarget(windowAt(1)));
    expect(counts).toMatchObject({ envelopes: 2, duplicates: 0, overlaps: 1, lines: 5 });
  });

  test('are looked for among several envelopes of one record', async () => {
    const twice = `${record}${envelope([flowLine(3)], {}, 50)}\n${record}`;
    const { counts } = await decodeRecords([gzipSync(twice)], DEFAULT_SETTINGS, newTarget(windowAt(1)));
    expect(counts).toMatchObject({ envelopes: 2, duplicates: 1, lines: 3, rejects: { total: 0 } });
  });

  test('of a Firehose record are known by its partition key', async () => {
    const line = JSON.stringify({ message: flowLine(1) });
    const same = await decodeRecords([line, line], DEFAULT_SETTINGS, newTarget(windowAt(1)), 'fh:request:0');
    expect(same.counts).toMatchObject({ records: 2, duplicates: 1, lines: 1 });
    const other = await decodeRecords([line, line], DEFAULT_SETTINGS, newTarget(windowAt(1)), 'other');
    expect(other.counts).toMatchObject({ records: 2, duplicates: 0, lines: 2 });
  });

  test('are never what has no identity', async () => {
    const bare = JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents: [{ message: flowLine(1) }] });
    const { counts } = await decodeRecords([bare, bare], DEFAULT_SETTINGS, newTarget(windowAt(1)));
    expect(counts).toMatchObject({ envelopes: 2, duplicates: 0, lines: 2 });
  });
});

describe('mistakes of ours', () => {
  class FailingPool extends StringPool {
    override intern(buf: Uint8Array, start: number, end: number): number {
      if (Buffer.from(buf.subarray(start, end)).toString() === 'eni-bad') throw new Error('a mistake');
      return super.intern(buf, start, end);
    }
  }

  test('in a line make it a reject, and the next line goes on', async () => {
    const bad = flowLine(2).replace('eni-0a', 'eni-bad');
    const { counts, rejects } = await decodeRecords(
      [envelope([flowLine(1), bad, flowLine(3)])],
      DEFAULT_SETTINGS,
      newTarget(undefined, new FailingPool()),
    );
    expect(counts).toMatchObject({ lines: 3, flows: 2, rejects: { lines: 1, by_reason: { decoder_error: 1 } } });
    expect(rejects).toEqual([
      {
        reason: 'decoder_error',
        scope: 'line',
        detail: 'a mistake',
        source: 'record-0',
        offset: 1,
        log_group: 'vpc-flow-logs',
        time: SECOND * 1000,
        raw: bad,
      },
    ]);
  });

  test('in the scanner make the rest of the record a reject, kept whole', async () => {
    const target = newTarget();
    const decoder = new Decoder(DEFAULT_SETTINGS);
    decoder.target = target;
    const data = Buffer.from(`${flowLine(1)}\n${flowLine(2)}`);
    data.indexOf = () => {
      throw new Error('a mistake');
    };
    await decoder.decodeRecord({ data, arrival: ARRIVAL, source: 'r', partitionKey: '' });
    const { counts, rejects, raws } = decodedOf(target);
    expect(counts.rejects).toMatchObject({ total: 1, envelopes: 1, by_reason: { decoder_error: 1 } });
    expect(rejects[0]).toMatchObject({ detail: 'Error: a mistake', scope: 'envelope', whole: 'epoch-0.raw' });
    expect(raws).toEqual([Buffer.from(data)]);
  });

  test('are not those of the target, which end the process', async () => {
    const filter = windowAt(1);
    filter.remember = () => {
      throw new Error('not about the record');
    };
    await expect(decodeRecords([envelope([flowLine(1)])], DEFAULT_SETTINGS, newTarget(filter))).rejects.toThrow(
      'not about',
    );
  });
});

test('a line that begins more than a day after its record arrived is a reject, and an object has no arrival', async () => {
  const lines = `${flowLine(1, 1, SECOND + 86_400 + 61)}\n${flowLine(1, 1, SECOND + 86_400)}`;
  expect((await decodeRecords([lines])).counts.rejects.by_reason).toEqual({ bad_time: 1 });
  expect((await decodeChunks([Buffer.from(lines)])).counts.flows).toBe(2);
});

test('sums are exact past 2^53', async () => {
  const bytes = Number.MAX_SAFE_INTEGER;
  const { counts } = await decodeRecords([[1, 1, 2, 1].map((host) => flowLine(host, bytes)).join('\n')]);
  expect(counts.bytes).toBe(4n * BigInt(bytes));
});
