// A closed shard with some of everything in it, what is to be counted of it, and workers that digest it to its end.
import { gzipSync } from 'node:zlib';
import { DigestProcessor } from '../../consumers/digest/processor.ts';
import type { Checkpoint, Checkpoints } from '../../consumers/shared/embedded/checkpoints.ts';
import { workShard } from '../../consumers/shared/embedded/shard-worker.ts';
import { recordShards } from '../../consumers/shared/shard-list.ts';
import { ensureLayout } from '../../consumers/shared/store/layout.ts';
import { compareSequences } from '../../pipeline/epoch/sequence.ts';
import type { Clock } from '../../schemas/clock.ts';
import type { StreamRecord } from '../../schemas/processor.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { SHARD, STREAM } from './world.ts';

export const START = Date.UTC(2026, 10, 20, 5, 58, 30); // the last minute is in the next hour
const BASE = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;
const MINUTE = 60_000;

const envelope = (n: number, lines: readonly string[], type = 'DATA_MESSAGE'): Buffer =>
  gzipSync(
    JSON.stringify({
      messageType: type,
      owner: '123456789012',
      logGroup: 'flows',
      logStream: 'eni-0a-all',
      subscriptionFilters: ['f'],
      logEvents: lines.map((message, i) => ({ id: String(n * 100 + i), timestamp: START, message })),
    }),
  );

/** Each flow has a source address of its own and 1000 bytes more than the one before. */
const flow = (n: number, start: number): string =>
  `2 123456789012 eni-0a 10.1.0.${n} 10.2.0.1 40000 443 6 3 ${1000 * n} ${start} ${start + 10} ACCEPT OK`;

/** Three minutes of four records: flows, coverage, bad lines, poison, a control message, and a redelivery in the last. */
const written = (): readonly StreamRecord[] => {
  const contents: Buffer[] = [];
  for (let minute = 0; minute < 3; minute++) {
    const start = START / 1000 + minute * 60 - 40;
    const n = minute * 10;
    const nodata = `2 123456789012 eni-0b - - - - - - - ${start} ${start + 60} - NODATA`;
    contents.push(
      envelope(n + 1, [flow(n + 1, start), flow(n + 2, start), nodata]),
      envelope(n + 3, [flow(n + 3, start), '2 too few tokens']),
      minute === 1 ? Buffer.from([0x1f, 0x8b, 1]) : envelope(n + 4, ['check'], 'CONTROL_MESSAGE'),
      minute === 2 ? contents[1]! : envelope(n + 5, [flow(n + 5, start)]),
    );
  }
  return contents.map((data, i) => ({
    sequenceNumber: String(BASE + BigInt(i) * 7n),
    subSequenceNumber: 0,
    partitionKey: 'p',
    data,
    arrival: START + Math.floor(i / 4) * MINUTE + (i % 4) * 1000,
  }));
};

export const RECORDS = written();

/** Counted by hand from `written`. */
export const EXPECTED = {
  records: 12,
  envelopes: 8,
  control: 2,
  duplicates: 1,
  lines: 17,
  flows: 11,
  nodata: 3,
  rejects: { lines: 3, envelopes: 1 },
  addresses: [1, 2, 3, 5, 11, 12, 13, 15, 21, 22, 23],
} as const;

const identity = { name: 'flows', arn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/flows', region: 'eu-west-1' };
const LAST = RECORDS.at(-1)!.sequenceNumber;

/** Time stands at the arrival of what was read last; nothing waits. */
const readingClock = (): Clock & { at: number } => ({
  at: START,
  now() {
    return this.at;
  },
  sleep: async () => undefined,
});

export interface Life {
  readonly store: ObjectStore;
  readonly settings: Settings;
  readonly checkpoints: Checkpoints;
  readonly workerId: string;
  /** How many records a read gives. */
  readonly batch?: number;
  readonly onRead?: () => void;
}

/** One worker from the checkpoint to the end of the shard; rejects with what ends it before. */
export const digestShard = async ({
  store,
  settings,
  checkpoints,
  workerId,
  batch = 3,
  onRead,
}: Life): Promise<void> => {
  const from: Checkpoint = (await checkpoints.get(SHARD)) ?? { kind: 'start', at: null };
  if (from.kind === 'end') return;
  const clock = readingClock();
  const after = (sequence: string): readonly StreamRecord[] =>
    RECORDS.filter((record) => compareSequences(record.sequenceNumber, sequence) > 0);
  let rest = from.kind === 'after' ? after(from.sequenceNumber) : RECORDS;
  await ensureLayout(store);
  await workShard({
    ...{ shard: SHARD, from, checkpoints, clock, signal: new AbortController().signal, onProgress: () => undefined },
    processor: new DigestProcessor({
      ...{ store, stream: STREAM, settings, workerId, clock },
      history: () => ({
        firstFrom: async (s) =>
          RECORDS.some((r) => r.sequenceNumber === s) ? s : (after(s)[0]?.sequenceNumber ?? null),
        firstAfter: async (s) => after(s)[0]?.sequenceNumber ?? null,
      }),
    }),
    reader: {
      open: async () => 'known',
      read: async () => {
        onRead?.();
        const records = rest.slice(0, batch);
        rest = rest.slice(batch);
        clock.at = records.at(-1)?.arrival ?? clock.at;
        return { records, millisBehindLatest: rest.length === 0 ? 0 : 1000, ended: rest.length === 0 };
      },
    },
    listChildren: async () => {
      const child = { parents: [SHARD], closed: false };
      await recordShards(store, { ...identity, id: STREAM }, [
        { shard: SHARD, parents: [], closed: true },
        { ...child, shard: 'shardId-000000000001' },
        { ...child, shard: 'shardId-000000000002' },
      ]);
    },
  });
};

/** The sequence number up to which a checkpoint says that everything is committed, or null. */
export const covered = (checkpoint: Checkpoint | null): string | null => {
  if (checkpoint === null || checkpoint.kind === 'start') return null;
  return checkpoint.kind === 'end' ? LAST : checkpoint.sequenceNumber;
};
