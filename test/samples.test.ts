// Every sample from beside the repository, read for what it is and counted out; the counts are one table, golden/samples.out.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identify, ObjectFile } from '../consumers/backfill/object/object-file.ts';
import { objectText } from '../consumers/backfill/object/object-text.ts';
import type { Counts } from '../schemas/counts.ts';
import { REJECT_REASONS, type RejectReason } from '../schemas/rejects.ts';
import { DEFAULT_SETTINGS } from '../schemas/settings.ts';
import { expectGolden } from './golden-files.ts';
import { addsUp, type Decoded, decodeChunks, decodeRecords } from './pipeline/decode/decoded.ts';
import { requirement } from './requirements.ts';

const SAMPLES = join(import.meta.dirname, '../../shared/samples');
const available = requirement(
  'the sample directory ../shared',
  existsSync(SAMPLES),
  'reads the inputs of other projects',
);

/** Files that say where a sample is from, or what another program reads from it: the latter are compared elsewhere. */
const isInput = (file: string): boolean => /\.\w+$/.test(file) && !/SOURCE\.md$|\.expected\.json$/.test(file);

const files = (): string[] => readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' }).filter(isInput).sort();

/** What can be fed to the decoder: a record of a stream, or lines of a file with their format. */
type Payload =
  | { readonly kind: 'record'; readonly data: Buffer }
  | { readonly kind: 'lines'; readonly text: string; readonly format: string | null };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isText = (value: unknown): value is string => typeof value === 'string';

/** Lines as test cases of other programs hold them: `{format, lines}`, `{format, line}`, `{input}`. */
const linesOf = (value: Record<string, unknown>): Payload | null => {
  const { lines, line, input } = value;
  const all = [lines, line, input].flat().filter(isText);
  if (all.length === 0) return null;
  return { kind: 'lines', text: all.join('\n'), format: isText(value.format) ? value.format : null };
};

/** Base64 under a key `data`, envelopes and messages as objects, and lines: wherever they stand in a JSON value. */
const payloadsOf = (value: unknown): readonly Payload[] => {
  if (!isObject(value)) return [];
  if (!Array.isArray(value)) {
    if ('messageType' in value || isText(value.message)) {
      return [{ kind: 'record', data: Buffer.from(JSON.stringify(value)) }];
    }
    const lines = linesOf(value);
    if (lines !== null) return [lines];
  }
  return Object.entries(value).flatMap(([key, item]): readonly Payload[] =>
    key.toLowerCase() === 'data' && isText(item)
      ? [{ kind: 'record', data: Buffer.from(item, 'base64') }]
      : payloadsOf(item),
  );
};

const parsed = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null; // some documented examples are no JSON
  }
};

interface Read {
  readonly as: string;
  readonly decoded: readonly Decoded[];
}

const object = async (file: string): Promise<Decoded> => {
  const path = join(SAMPLES, file);
  await using opened = await ObjectFile.open(path, path, await identify(path, () => {}));
  const chunks: Buffer[] = [];
  for await (const chunk of objectText(opened)) chunks.push(Buffer.from(chunk));
  return decodeChunks(chunks);
};

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const read = async (file: string): Promise<Read> => {
  const ofStream = /^(flow-lines|cwl-envelopes|firehose|kinesis)\//.test(file) && /\.(json|txt)$/.test(file);
  const payloads = ofStream ? payloadsOf(parsed(readFileSync(join(SAMPLES, file)))) : [];
  if (payloads.length === 0) return { as: 'object', decoded: [await object(file)] };
  const decoded: Decoded[] = [];
  for (const payload of payloads) {
    if (payload.kind === 'record') decoded.push(await decodeRecords([payload.data]));
    else decoded.push(await decodeChunks([Buffer.from(payload.text)], { ...DEFAULT_SETTINGS, format: payload.format }));
  }
  const records = payloads.filter(({ kind }) => kind === 'record').length;
  return { as: counted(payloads.length, records > 0 ? 'record' : 'case'), decoded };
};

const COLUMNS = ['envelopes', 'control', 'lines', 'flows', 'nodata', 'skipdata', 'events'] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], number>> & {
  readonly name: string;
  readonly as: string;
  readonly rejects: Readonly<Partial<Record<RejectReason, number>>>;
};

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);

const rowOf = (name: string, as: string, counts: readonly Counts[]): Row => ({
  ...{ name, as },
  envelopes: sum(counts, (one) => one.envelopes),
  control: sum(counts, (one) => one.control),
  lines: sum(counts, (one) => one.lines),
  flows: sum(counts, (one) => one.flows),
  nodata: sum(counts, (one) => one.nodata),
  skipdata: sum(counts, (one) => one.skipdata),
  events: sum(counts, (one) => one.events),
  rejects: Object.fromEntries(
    REJECT_REASONS.map((reason) => [reason, sum(counts, (one) => one.rejects.by_reason[reason] ?? 0)] as const).filter(
      ([, count]) => count > 0,
    ),
  ),
});

const table = (rows: readonly Row[]): string => {
  const heads = ['sample', 'read as', ...COLUMNS, 'rejects'];
  const cells = rows.map((row) => [
    row.name,
    row.as,
    ...COLUMNS.map((column) => (row[column] === 0 ? '' : String(row[column]))),
    Object.entries(row.rejects)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', '),
  ]);
  const width = heads.map((head, at) => Math.max(...[head, ...cells.map((row) => row[at]!)].map((one) => one.length)));
  const isNumber = (at: number): boolean => at >= 2 && at < heads.length - 1;
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => (isNumber(at) ? cell.padStart(width[at]!) : cell.padEnd(width[at]!))).join(' | ')} |`;
  const rule = `|${width.map((n, at) => (isNumber(at) ? `${'-'.repeat(n + 1)}:` : '-'.repeat(n + 2))).join('|')}|`;
  return `${[line(heads), rule, ...cells.map(line)].join('\n')}\n`;
};

describe.skipIf(!available)('samples', () => {
  test('are all counted out as the golden table says', async () => {
    const rows: Row[] = [];
    for (const file of files()) {
      const { as, decoded } = await read(file);
      for (const one of decoded) expect(addsUp(one), file).toBe(true);
      rows.push(
        rowOf(
          file,
          as,
          decoded.map(({ counts }) => counts),
        ),
      );
    }
    const total = rowOf('all', '', []);
    const all: Row = {
      ...total,
      ...Object.fromEntries(COLUMNS.map((column) => [column, sum(rows, (row) => row[column])])),
      rejects: Object.fromEntries(
        REJECT_REASONS.map((reason) => [reason, sum(rows, ({ rejects }) => rejects[reason] ?? 0)] as const).filter(
          ([, count]) => count > 0,
        ),
      ),
    };
    expect(all.rejects.decoder_error).toBeUndefined();
    expectGolden('.', 'samples.out', table([...rows, all]));
  });
});
