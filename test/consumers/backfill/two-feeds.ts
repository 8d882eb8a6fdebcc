// Lines of a few interfaces minute by minute, a stream that has some of them, and backfills of the same lines.
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type LoadedObject, type Loading, loadObject } from '../../../consumers/backfill/object/load-object.ts';
import { identify } from '../../../consumers/backfill/object/object-file.ts';
import { auditStore } from '../../../consumers/shared/audit/audit-store.ts';
import { ensureLayout } from '../../../consumers/shared/store/layout.ts';
import { parseCommit, parsePartClaim } from '../../../pipeline/documents.ts';
import type { Commit, PartClaim } from '../../../schemas/chain.ts';
import { DEFAULT_FEED } from '../../../schemas/chain.ts';
import type { StreamRecord } from '../../../schemas/processor.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { digest, sequence } from '../../audited-store.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { file } from './flow-files.ts';

export const BEGIN = Date.UTC(2026, 10, 20, 5, 55) / 1000; // s, of minute 0; the sixth minute is in the next hour
export const ACCOUNT = '123456789012';

/** Flow `k` of an interface's minute; all differ in packets and bytes. */
export const flow = (minute: number, iface: string, k = 0): string => {
  const start = BEGIN + minute * 60 + k;
  const packets = 1000 * minute + 10 * k + iface.length;
  return `2 ${ACCOUNT} ${iface} 10.0.${minute}.${k} 10.1.0.1 40000 443 6 ${packets} ${packets * 100} ${start} ${start + 20} ACCEPT OK`;
};

/** A line without flows, for so many seconds. */
export const nodata = (minute: number, iface: string, seconds = 60, status = 'NODATA'): string => {
  const start = BEGIN + minute * 60;
  return `2 ${ACCOUNT} ${iface} - - - - - - - ${start} ${start + seconds} - ${status}`;
};

const envelope = (lines: readonly string[], n: number): Buffer =>
  gzipSync(
    JSON.stringify({
      ...{ messageType: 'DATA_MESSAGE', owner: ACCOUNT, logGroup: 'flows', logStream: 'all' },
      subscriptionFilters: ['f'],
      logEvents: lines.map((message, i) => ({ id: String(n * 1000 + i), timestamp: BEGIN * 1000, message })),
    }),
  );

/** One record, and one epoch, for each minute of lines. */
export const recordsOf = (minutes: readonly (readonly string[])[]): readonly StreamRecord[] =>
  minutes.map((lines, n) => ({
    ...{ sequenceNumber: sequence(n + 1), subSequenceNumber: 0, partitionKey: 'p', data: envelope(lines, n + 1) },
    arrival: (BEGIN + 3600 + n * 60) * 1000,
  }));

/** The stream's consumer commits them all. */
export const stream = (store: ObjectStore, minutes: readonly (readonly string[])[]): Promise<void> =>
  digest(store, recordsOf(minutes));

/** A backfill of the lines, as one object of the file's name. */
export const backfill = async (
  store: ObjectStore,
  path: string,
  lines: readonly string[],
  more: Partial<Loading> = {},
): Promise<LoadedObject> => {
  file(path, lines.map((line) => `${line}\n`).join(''));
  const object = await identify(path, () => {});
  await ensureLayout(store);
  return loadObject({ path, name: basename(path) }, object, {
    ...{ store, clock: new ManualClock(), settings: DEFAULT_SETTINGS, asNew: true, dryRun: false },
    ...{ feed: DEFAULT_FEED, overlap: 'refuse', onBytes: () => {} },
    ...more,
  });
};

const documents = async <T>(
  store: ObjectStore,
  prefix: string,
  parse: (key: string, body: Buffer) => T,
): Promise<T[]> => {
  const found: T[] = [];
  for await (const { key } of store.list(prefix)) found.push(parse(key, (await store.get(key))!.body));
  return found;
};

export const partClaims = (store: ObjectStore): Promise<PartClaim[]> =>
  documents(store, 'claims/backfill/', parsePartClaim);

export const commitsOf = async (store: ObjectStore, source: string): Promise<Commit[]> =>
  (await documents(store, 'commits/', parseCommit)).filter(
    (one): one is Commit => one.kind === 'commit' && one.source.startsWith(source),
  );

/** What the audit, which reads every row, finds; it must find no gap. */
export const audited = async (store: ObjectStore) => {
  const { report } = await auditStore(store, { window: null });
  if (!report.ok) throw new Error(`the audit found ${JSON.stringify(report.gaps, (_, v) => String(v))}`);
  const { flows, nodata: quiet, skipdata, packets, bytes } = report;
  return { flows, nodata: quiet, skipdata, packets, bytes };
};

/** The same of lines, each counted once. */
export const sumsOf = (lines: readonly string[]) => {
  const words = lines.map((line) => line.split(' '));
  const flows = words.filter((line) => line[13] === 'OK');
  const sum = (column: number): bigint => flows.reduce((n, line) => n + BigInt(line[column]!), 0n);
  const count = (status: string): bigint => BigInt(words.filter((line) => line[13] === status).length);
  return {
    ...{ flows: count('OK'), nodata: count('NODATA'), skipdata: count('SKIPDATA') },
    ...{ packets: sum(8), bytes: sum(9) },
  };
};

/** Ten minutes of two interfaces with three flows each, and of a quiet one. */
const MINUTES: readonly (readonly string[])[] = Array.from({ length: 10 }, (_, minute) => [
  ...['eni-a', 'eni-bb'].flatMap((iface) => [0, 1, 2].map((k) => flow(minute, iface, k))),
  nodata(minute, 'eni-quiet'),
  ...(minute === 8 ? [nodata(minute, 'eni-quiet', 60, 'SKIPDATA')] : []),
]);
export const ALL = MINUTES.flat();
/** The stream was down for minutes 4 to 6, and of minute 7 it has one interface, and of that one line. */
export const STREAMED = MINUTES.map((lines, minute) => {
  if (minute >= 4 && minute <= 6) return [];
  return minute === 7 ? [flow(7, 'eni-a', 1)] : lines;
}).filter((lines) => lines.length > 0);
/** What a backfill of everything may take: of the minute that the stream has in part, nothing. */
export const isMissing = (line: string): boolean => {
  const minute = Math.floor((Number(line.split(' ')[10]) - BEGIN) / 60);
  return (minute >= 4 && minute <= 6) || (minute === 7 && !line.includes(' eni-a '));
};
export const UNION = [...STREAMED.flat(), ...ALL.filter(isMissing)];

export const at = (minute: number): number => BEGIN + minute * 60;
export const SKIP = [
  {
    ...{ account: ACCOUNT, interface: 'eni-a' },
    runs: [
      [at(0), 4],
      [at(7), 3],
    ],
  },
  ...['eni-bb', 'eni-quiet'].map((iface) => ({
    ...{ account: ACCOUNT, interface: iface },
    runs: [
      [at(0), 4],
      [at(8), 2],
    ],
  })),
];
