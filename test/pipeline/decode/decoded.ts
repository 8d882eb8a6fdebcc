// Decodes records and objects into a target of their own, and turns everything that came of it into plain values.
import { gunzipSync } from 'node:zlib';
import { Decoder } from '../../../pipeline/decode/decode.ts';
import { type DecodeTarget, type DuplicateFilter, NO_DUPLICATES } from '../../../pipeline/decode/decode-target.ts';
import { Tally } from '../../../pipeline/decode/tally.ts';
import { Coverage } from '../../../pipeline/digest/coverage.ts';
import { Digest } from '../../../pipeline/digest/digest.ts';
import { StringPool } from '../../../pipeline/digest/strings.ts';
import { RejectLog } from '../../../pipeline/rejects/reject-log.ts';
import { KEY_FIELDS } from '../../../schemas/columns.ts';
import type { Counts } from '../../../schemas/counts.ts';
import type { Reject } from '../../../schemas/rejects.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';
import { rowsOf } from '../graph/plain-flows.ts';

/** Everything that a target holds. */
export interface Decoded {
  readonly counts: Counts;
  readonly longestInterval: number;
  /** One text a row: minute, keys that are not NULL, measures. */
  readonly rows: readonly string[];
  readonly coverage: readonly string[];
  readonly rejects: readonly Reject[];
  readonly raws: readonly Buffer[];
}

export const ARRIVAL = Date.UTC(2026, 10, 20, 14, 5, 30); // ms
export const SECOND = Math.floor(ARRIVAL / 1000) - 60;

/** A flow of the default format; the numbers make its row and its sums. */
export const flowLine = (host: number, bytes = 100, start = SECOND): string =>
  `2 123456789012 eni-0a 10.0.${host >> 8}.${host & 255} 10.1.0.1 40000 443 6 2 ${bytes} ${start} ${start + 59} ACCEPT OK`;

/** An envelope as CloudWatch Logs writes it. */
export const envelope = (
  messages: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
  firstId = 0,
): string =>
  JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: 'vpc-flow-logs',
    logStream: 'eni-0a-all',
    subscriptionFilters: ['all'],
    ...more,
    logEvents: messages.map((message, i) => ({
      id: `3797634226295322317903814471494${100_000 + firstId + i}`,
      timestamp: SECOND * 1000,
      message,
    })),
  });

export const newTarget = (duplicates: DuplicateFilter = NO_DUPLICATES, pool = new StringPool()): DecodeTarget => ({
  pool,
  digest: new Digest(pool),
  coverage: new Coverage(pool),
  rejects: new RejectLog('epoch'),
  tally: new Tally(),
  duplicates,
});

const rowText = (row: ReturnType<typeof rowsOf>[number]): string => {
  const keys = KEY_FIELDS.flatMap((field, i) => (row.keys[i] === null ? [] : `${field.column}=${row.keys[i]}`));
  const sums = row.sums.map((sum) => sum ?? '-').join(' ');
  return `${row.minute} ${keys.join(' ')} flows=${row.flows} ${sums} ${row.start} ${row.end} ${row.tcpFlags}`;
};

/** What the target holds by now; it takes nothing more afterwards. */
export const decodedOf = (target: DecodeTarget): Decoded => {
  const { ndjsonGz, raws } = target.rejects.finish();
  const text = ndjsonGz === null ? '' : gunzipSync(ndjsonGz).toString();
  return {
    counts: target.tally.counts(),
    longestInterval: target.tally.longestInterval,
    rows: rowsOf(target.digest).map(rowText),
    coverage: rowsOf(target.coverage.digest).map(rowText),
    rejects: text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
    raws: raws.map((raw) => Buffer.from(raw)),
  };
};

/** What comes of records, one after the other. */
export const decodeRecords = async (
  records: readonly (Buffer | string)[],
  settings: Settings = DEFAULT_SETTINGS,
  target: DecodeTarget = newTarget(),
  partitionKey = 'key',
): Promise<Decoded> => {
  const decoder = new Decoder(settings);
  decoder.target = target;
  for (const [i, data] of records.entries()) {
    await decoder.decodeRecord({ data: Buffer.from(data), arrival: ARRIVAL, source: `record-${i}`, partitionKey });
  }
  return decodedOf(target);
};

/** What comes of an object that arrives in these chunks. */
export const decodeChunks = async (
  chunks: readonly Buffer[],
  settings: Settings = DEFAULT_SETTINGS,
  arrival: number = ARRIVAL,
): Promise<Decoded> => {
  const decoder = new Decoder(settings);
  decoder.target = newTarget();
  async function* open(): AsyncGenerator<Buffer> {
    yield* chunks;
  }
  await decoder.decodeObject({ source: 'object', open, arrival });
  return decodedOf(decoder.target);
};

/** Whether every line and every sum is accounted for. */
export const addsUp = ({ counts, rows, rejects }: Decoded): boolean => {
  const { lines, flows, nodata, skipdata, events } = counts;
  const inRows = rows.reduce((sum, row) => sum + Number(/ flows=(\d+) /.exec(row)?.[1]), 0);
  const byReason = Object.values(counts.rejects.by_reason).reduce((sum, count) => sum + count, 0);
  return (
    lines === flows + nodata + skipdata + events + counts.rejects.lines &&
    inRows === flows &&
    rejects.length === counts.rejects.total &&
    byReason === counts.rejects.total &&
    counts.rejects.total === counts.rejects.lines + counts.rejects.envelopes
  );
};
