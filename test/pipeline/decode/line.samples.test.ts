// Real and documented lines from beside the repository, read and compared with the values that others read from them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LineReader, type LineTime } from '../../../pipeline/decode/line.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { type Format, headerFormat, parseFormat } from '../../../pipeline/formats/format.ts';
import { chooseFormat } from '../../../pipeline/formats/format-choice.ts';
import { DEFAULT_FORMAT } from '../../../schemas/fields.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';
import { readLine } from '../../reference/line.ts';
import { NO_TIME, readWith } from '../../reference/read-flow.ts';
import { requirement } from '../../requirements.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples/flow-lines');
const available = requirement('the sample directory ../shared', existsSync(SAMPLES), 'reads lines of other projects');

const BOTH_PORTS: Settings = { ...DEFAULT_SETTINGS, ports: 'all' };
/** The documented lines without a time came in an envelope that had one. */
const EVENT: LineTime = { ...NO_TIME, eventTime: 1_763_733_605_000 };

const text = (path: string): string => readFileSync(join(SAMPLES, path), 'utf8');
const json = <T>(path: string, schema: z.ZodType<T>): T => schema.parse(JSON.parse(text(path)));

/** Reads all lines, following header lines, and compares each with the reference. */
const readLines = (content: string, first: Format = parseFormat(DEFAULT_FORMAT), settings = BOTH_PORTS) => {
  const pool = new StringPool();
  let reader = new LineReader(first, settings);
  const read: ReturnType<typeof readWith>[] = [];
  for (const line of content.split('\n').filter((line) => line.trim() !== '')) {
    const header = headerFormat(line);
    if (header !== null) {
      reader = new LineReader(header, settings);
      continue;
    }
    const got = readWith(reader, line, pool, EVENT);
    expect(got).toMatchObject(readLine(reader.format, settings, Buffer.from(line), EVENT));
    read.push(got);
  }
  return read;
};

const outcomes = (read: ReturnType<typeof readLines>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { outcome } of read) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

/** What was read, by the names that others use; without what is NULL. */
const flat = (read: ReturnType<typeof readWith>): Record<string, unknown> => {
  if (!('values' in read)) return { ...read };
  const all = { ...read.values, start: read.start, end: read.end, tcp_flags: read.tcpFlags };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
};

const expectedValues = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

/** Values as another reader gives them: times as ISO text or Unix seconds; the two fields that no digest has left out. */
const comparable = (values: z.infer<typeof expectedValues>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name, value]) => value !== null && name !== 'version' && name !== 'log_status')
      .map(([name, value]) => [
        name,
        (name === 'start' || name === 'end') && typeof value === 'string' ? Date.parse(value) / 1000 : value,
      ]),
  );

describe.skipIf(!available)('lines of others', () => {
  it('reads every line of three real captures', () => {
    expect(outcomes(readLines(text('opensearch-catalog/raw.log')))).toEqual({ OK: 371, NODATA: 404 });
    expect(outcomes(readLines(text('cribl-vpcflow-pack/extracted-raw.log')))).toEqual({ OK: 99 });
    expect(outcomes(readLines(text('iot-capture/vpcflowlogs.log')))).toEqual({ OK: 214 });
  });

  it('reads the examples of the AWS documentation, but for its remarks', () => {
    const sections = json(
      'aws-docs/flow-logs-records-examples.json',
      z.array(z.object({ format: z.string(), lines: z.array(z.string()) })),
    );
    const counts = outcomes(sections.flatMap(({ format, lines }) => readLines(lines.join('\n'), parseFormat(format))));
    // Two lines end in a remark, and one is an ellipsis.
    expect(counts).toEqual({ OK: 23, NODATA: 1, SKIPDATA: 1, REJECT: 3 });
  });

  const cases = z.object({
    accepted: z.array(z.object({ format: z.string().nullable(), lines: z.array(z.string()) })),
    values: z.array(z.object({ line: z.string(), format: z.string().nullable(), expected: expectedValues })),
  });

  it('reads what VRL accepts, to the same values', () => {
    const { accepted, values } = json('vrl/parse_aws_vpc_flow_log.cases.json', cases);
    for (const { format, lines } of accepted) {
      expect(outcomes(readLines(lines.join('\n'), parseFormat(format ?? DEFAULT_FORMAT))).REJECT).toBeUndefined();
    }
    for (const { line, format, expected } of values) {
      const [read] = readLines(line, parseFormat(format ?? DEFAULT_FORMAT));
      expect(flat(read)).toEqual(comparable(expected));
    }
  });

  it.each(['v3', 'v4', 'v5', 'v6'])('reads what flowlogs-reader reads of %s', (version) => {
    const expected = json(`flowlogs-reader/${version}_file.expected.json`, z.array(expectedValues));
    const read = readLines(text(`flowlogs-reader/${version}_file.log`));
    expect(read.filter(({ outcome }) => outcome !== 'REJECT').map(flat)).toEqual(expected.map(comparable));
    expect(outcomes(read).REJECT).toBe(version === 'v5' ? 1 : undefined); // a line that says that it is bogus
  });

  it('reads what flowlogs-reader reads of v2, except that milliseconds are no time', () => {
    const lines = text('flowlogs-reader/v2_records.log').trim().split('\n');
    const expected = json('flowlogs-reader/v2_expected.json', z.record(z.string(), z.json()));
    const one = expectedValues.parse(expected['parse[0]']);
    const other = expectedValues.parse(expected['parse[2]']);
    expect(flat(readLines(lines[0])[0])).toEqual(comparable(one));
    expect(flat(readLines(lines[2])[0])).toEqual(comparable(other));
    expect(outcomes(readLines(lines.join('\n')))).toEqual({ OK: 3, NODATA: 1, SKIPDATA: 1 });
    const late = z.object({ line: z.string() }).parse(expected.millisecond_timestamps);
    expect(readLines(late.line)).toMatchObject([{ outcome: 'REJECT', reason: 'bad_time' }]);
  });

  it('rejects what the predecessor fails on, and folds ports as it does', () => {
    const predecessor = z.object({
      digest: z.array(z.object({ input: z.string(), expected_lines_any_order: z.array(z.string()) })),
      bad_data: z.array(z.object({ input: z.string() })),
    });
    const { digest, bad_data: bad } = json('go-vpcflow/digest.cases.json', predecessor);
    for (const { input } of bad) expect(readLines(input)).toMatchObject([{ outcome: 'REJECT', reason: 'bad_number' }]);
    for (const { input, expected_lines_any_order: expected } of digest) {
      // The expected lines are folded already, and their counts summed.
      const keys = (lines: string, settings: Settings): Set<string> =>
        new Set(
          readLines(lines, chooseFormat(settings, null), settings).flatMap((read) =>
            read.outcome === 'OK' ? [JSON.stringify({ ...read.values, packets: null, bytes: null })] : [],
          ),
        );
      expect(keys(input, DEFAULT_SETTINGS)).toEqual(keys(expected.join('\n'), BOTH_PORTS));
    }
  });
});
