// Stores of which something was rejected for its format, what replays them, and what their digests then add up to.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { StoreEvidence } from '../../../consumers/backfill/evidence/store-evidence.ts';
import { loadObject } from '../../../consumers/backfill/object/load-object.ts';
import { identify } from '../../../consumers/backfill/object/object-file.ts';
import { DigestProcessor } from '../../../consumers/digest/processor.ts';
import { type Replaying, replayRejects } from '../../../consumers/rejects/replay-source.ts';
import { rejectSources } from '../../../consumers/rejects/sources.ts';
import { ensureLayout } from '../../../consumers/shared/store/layout.ts';
import { parseCommit } from '../../../pipeline/documents.ts';
import { NOTHING, type ReplayOutcome, together } from '../../../pipeline/rejects/replay-report.ts';
import { type Commit, DEFAULT_FEED } from '../../../schemas/chain.ts';
import type { StreamRecord } from '../../../schemas/processor.ts';
import type { Window } from '../../../schemas/query.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import type { MemoryStore } from '../../fakes/memory-store.ts';

export const STREAM = '123456789012.eu-west-1.flows';
export const SHARD = 'shardId-000000000000';
export const BEGIN = Date.UTC(2026, 10, 20, 5, 58); // the third minute is in the next hour
const MINUTE = 60_000;

/** With other fields than the default, and as few as make every such line a reject of the default. */
export const CUSTOM =
  '${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${packets} ${bytes} ${start} ${end} ${log-status}';
/** Without any time. */
export const TIMELESS = '${interface-id} ${srcaddr} ${dstaddr} ${bytes}';

/** Under these everything decodes that can. */
export const RIGHT: Settings = {
  ...DEFAULT_SETTINGS,
  formats: [
    { logGroup: 'custom*', format: CUSTOM },
    { logGroup: 'timeless', format: TIMELESS },
  ],
};

export const seconds = (minute: number): number => BEGIN / 1000 + minute * 60 - 30;

export const flow = (octet: number, minute = 0, bytes = 1000): string =>
  `2 123456789012 eni-0a 10.1.0.${octet} 10.2.0.1 40000 443 6 3 ${bytes} ${seconds(minute)} ${seconds(minute) + 9} ACCEPT OK`;
export const custom = (octet: number, minute = 0, bytes = 500): string =>
  `123456789012 eni-0c 10.3.0.${octet} 10.2.0.1 443 2 ${bytes} ${seconds(minute)} ${seconds(minute) + 9} OK`;
export const nodata = (minute = 0): string =>
  `123456789012 eni-0d - - - - - ${seconds(minute)} ${seconds(minute) + 59} NODATA`;
export const timeless = (octet: number): string => `eni-0e 10.4.0.${octet} 10.2.0.1 77`;

/** One envelope of a log group; each minute is one epoch. */
export interface Written {
  readonly minute: number;
  readonly logGroup: string;
  readonly lines: readonly string[];
}

const envelope = ({ minute, logGroup, lines }: Written, n: number): Buffer =>
  gzipSync(
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner: '123456789012',
      ...{ logGroup, logStream: `stream-${n}`, subscriptionFilters: ['f'] },
      logEvents: lines.map((message, i) => ({
        id: String(n * 1000 + i),
        timestamp: BEGIN + minute * MINUTE - 90_000 - i * 1000,
        message,
      })),
    }),
  );

/** Runs the digest consumer over what was written, in the order of its minutes, until all is committed. */
export const digest = async (
  store: ObjectStore,
  written: readonly Written[],
  settings: Settings = DEFAULT_SETTINGS,
): Promise<void> => {
  const records = [...written]
    .sort((a, b) => a.minute - b.minute)
    .map((one, n): StreamRecord => {
      const sequenceNumber = String(49_600_000_000_000_000_000n + BigInt(n));
      const head = { sequenceNumber, subSequenceNumber: 0, partitionKey: `p${n}` };
      return { ...head, data: envelope(one, n + 1), arrival: BEGIN + one.minute * MINUTE + n };
    });
  const processor = new DigestProcessor({
    ...{ store, stream: STREAM, settings, workerId: 'tester' },
    clock: new ManualClock(records.at(-1)?.arrival ?? BEGIN),
    history: () => ({
      firstFrom: async () => records[0]?.sequenceNumber ?? null,
      firstAfter: async () => records[0]?.sequenceNumber ?? null,
    }),
  });
  const checkpointer = { checkpoint: async () => undefined };
  await ensureLayout(store);
  await processor.initialize({ shardId: SHARD, position: 'TRIM_HORIZON' });
  await processor.processRecords({ records, millisBehindLatest: 0, checkpointer });
  await processor.shutdownRequested({ checkpointer });
};

/** Backfills one object of these lines in parts of `partLines`, claimed at `BEGIN`. */
export const backfill = async (
  store: ObjectStore,
  lines: readonly string[],
  settings: Settings = DEFAULT_SETTINGS,
  partLines = 4,
): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-rejecting-'));
  try {
    const path = join(directory, 'flows.log');
    await writeFile(path, `${lines.join('\n')}\n`);
    const object = await identify(path, () => undefined);
    await ensureLayout(store);
    await loadObject({ path, name: `${object.identity}.log` }, object, {
      ...{ store, settings, clock: new ManualClock(BEGIN), dryRun: false, asNew: false, partLines },
      ...{ onBytes: () => undefined, feed: DEFAULT_FEED, overlap: 'add' },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

export interface ReplayOptions extends Partial<Omit<Replaying, 'store' | 'settingsFor'>> {
  readonly settings?: Settings;
  readonly window?: Window | null;
}

/** Replays every source of a store, as the command does. */
export const replay = async (store: ObjectStore, options: ReplayOptions = {}): Promise<ReplayOutcome> => {
  const { settings = RIGHT, window = null, selection = { reason: null, logGroup: null }, ...more } = options;
  const evidence = new StoreEvidence(store, new ManualClock(BEGIN));
  const defaults = { dryRun: false, headersFirst: false, overlap: 'refuse', evidence } as const;
  let outcome = NOTHING;
  for await (const source of rejectSources(store, window, selection)) {
    const replaying = { store, settingsFor: () => settings, selection, ...defaults, ...more };
    outcome = together(outcome, await replayRejects(source, replaying));
  }
  return outcome;
};

export const commits = (store: MemoryStore): readonly Commit[] =>
  [...store.backing]
    .filter(([key]) => key.startsWith('commits/'))
    .map(([key, body]) => parseCommit(key, body))
    .filter((document) => document.kind === 'commit');

const SUMS = ['flows', 'packets', 'bytes', 'records'];
const SPANS = ['start', 'end'];

/** The rows of a table over all commits, merged by their keys: `keys -> sums`; start is the least, end the greatest. */
export const merged = (store: MemoryStore, table: 'digests' | 'coverage'): Record<string, Record<string, string>> => {
  const rows = new Map<string, Record<string, bigint>>();
  for (const object of commits(store).flatMap(({ objects }) => objects)) {
    if (object.table !== table) continue;
    const body = store.backing.get(object.key);
    if (body === undefined) throw new Error(`${object.key} is missing`);
    for (const row of tableFromIPC(readParquet(body).intoIPCStream())) {
      const values = Object.entries(row?.toJSON() ?? {}).filter(([, value]) => value !== null);
      const isSum = (name: string): boolean => SUMS.includes(name) || SPANS.includes(name) || name === 'tcp_flags';
      const key = values.flatMap(([name, value]) => (isSum(name) ? [] : [`${name}=${value}`])).join(' ');
      const sums = rows.get(key) ?? {};
      for (const [name, value] of values) {
        if (!isSum(name)) continue;
        const [before, more] = [sums[name], BigInt(value as number | bigint)];
        if (before === undefined) sums[name] = more;
        else if (SUMS.includes(name)) sums[name] = before + more;
        else if (name === 'start') sums[name] = before < more ? before : more;
        else if (name === 'end') sums[name] = before > more ? before : more;
        else sums[name] = before | more;
      }
      rows.set(key, sums);
    }
  }
  const text = (sums: Record<string, bigint>) =>
    Object.fromEntries(Object.entries(sums).map(([k, v]) => [k, String(v)]));
  return Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, sums]) => [key, text(sums)]));
};
