// Builds small stores with everything in them that an audit looks at, by running the real writers over written records.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadObject } from '../consumers/backfill/object/load-object.ts';
import { identify } from '../consumers/backfill/object/object-file.ts';
import { DigestProcessor } from '../consumers/digest/processor.ts';
import { ensureLayout } from '../consumers/shared/store/layout.ts';
import { DEFAULT_FEED } from '../schemas/chain.ts';
import type { StreamRecord } from '../schemas/processor.ts';
import { DEFAULT_SETTINGS } from '../schemas/settings.ts';
import type { ObjectStore } from '../schemas/store.ts';
import { ManualClock } from './fakes/manual-clock.ts';

export const STREAM = '123456789012.eu-west-1.flows';
export const SHARD = 'shardId-000000000000';
export const BEGIN = Date.UTC(2026, 10, 20, 5, 58); // arrival of the first record; the third minute is in the next hour
const MINUTE = 60_000;

const line = (octet: number, start: number, rest = '3 1000'): string =>
  `2 123456789012 eni-0a 10.1.0.${octet} 10.2.0.1 40000 443 6 ${rest} ${start} ${start + 10} ACCEPT OK`;

const message = (type: string, lines: readonly string[], time: number, id: number): Buffer =>
  gzipSync(
    JSON.stringify({
      messageType: type,
      owner: '123456789012',
      logGroup: 'flows',
      logStream: 'eni-0a-all',
      subscriptionFilters: ['f'],
      logEvents: lines.map((text, i) => ({ id: String(id * 100 + i), timestamp: time, message: text })),
    }),
  );

/** The sequence number of record `n`. */
export const sequence = (n: number): string => String(49_600_000_000_000_000_000n + BigInt(n));

/** Two records a minute; each minute is one epoch. Every kind of line and of record occurs. */
export const written = (minutes: number): readonly StreamRecord[] =>
  Array.from({ length: minutes * 2 }, (_, n): StreamRecord => {
    const arrival = BEGIN + Math.floor(n / 2) * MINUTE + (n % 2) * 1000;
    const start = Math.floor(arrival / 1000) - 45;
    const nodata = `2 123456789012 eni-0b - - - - - - - ${start} ${start + 60} - NODATA`;
    const lines = [
      line(n, start),
      line(n, start + 1, '9007199254740991 9007199254740991'),
      ...(n % 2 === 0 ? [nodata, nodata.replace('NODATA', 'SKIPDATA')] : ['2 too few tokens', line(n, start, '-5 1')]),
    ];
    const plain = message('DATA_MESSAGE', lines, arrival, n + 1);
    // Of each four records one is followed by a control message, and one is no envelope at all.
    const data =
      n % 4 === 2
        ? message('CONTROL_MESSAGE', ['check'], arrival, 0)
        : n % 8 === 5
          ? Buffer.from([0x1f, 0x8b, 1])
          : plain;
    return { sequenceNumber: sequence(n + 1), subSequenceNumber: 0, partitionKey: `p${n}`, data, arrival };
  });

/** Runs the digest consumer over the records until all of them are committed. */
export const digest = async (
  store: ObjectStore,
  records: readonly StreamRecord[],
  position = 'TRIM_HORIZON',
): Promise<void> => {
  const clock = new ManualClock(records.at(-1)?.arrival ?? BEGIN);
  const processor = new DigestProcessor({
    ...{ store, stream: STREAM, settings: DEFAULT_SETTINGS, workerId: 'tester', clock },
    history: () => ({
      firstFrom: async () => records[0]?.sequenceNumber ?? null,
      firstAfter: async () => records[0]?.sequenceNumber ?? null,
    }),
  });
  const checkpointer = { checkpoint: async () => undefined };
  await ensureLayout(store);
  await processor.initialize({ shardId: SHARD, position });
  await processor.processRecords({ records, millisBehindLatest: 0, checkpointer });
  await processor.shutdownRequested({ checkpointer });
};

/** Backfills one object of `lines` lines in parts of two, claimed at `BEGIN`; resolves to its identity. */
export const backfill = async (store: ObjectStore, lines: number): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-audited-'));
  try {
    const path = join(directory, 'flows.log');
    const text = Array.from({ length: lines }, (_, i) => line(i, Math.floor(BEGIN / 1000) - 86_400));
    await writeFile(path, `${text.join('\n')}\n`);
    const object = await identify(path, () => undefined);
    await ensureLayout(store);
    await loadObject({ path, name: path }, object, {
      ...{ store, settings: DEFAULT_SETTINGS, clock: new ManualClock(BEGIN), dryRun: false, asNew: false },
      ...{ feed: DEFAULT_FEED, overlap: 'refuse' },
      ...{ onBytes: () => undefined, partLines: 2 },
    });
    return object.identity;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
