// Names of the objects in a store, from what they hold; the inverse where a reader needs it. The layout is the contract.

/** Zero-pads a sequence number so that keys sort as numbers. */
export const padSequence = (sequenceNumber: string): string => sequenceNumber.padStart(56, '0');

/** The predecessor of a shard's first epoch. */
export const CHAIN_START = '0';

/** `date=2026-11-20/hour=05` of a Unix time in ms, UTC. */
export const hourPartition = (ms: number): string => {
  const iso = new Date(ms).toISOString();
  return `date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}`;
};

/** The source name of the epoch after a sequence number. */
export const streamSource = (stream: string, shard: string, after: string): string =>
  `${stream}-${shard}-after-${padSequence(after)}`;

/** The source name of one part of a backfilled object. */
export const backfillSource = (identity: string, part: number): string =>
  `backfill-${identity}-${String(part).padStart(6, '0')}`;

/** The source name of the n-th replay of a source's rejects. */
export const replaySource = (source: string, replay: number): string =>
  `replay-${String(replay).padStart(6, '0')}-${source}`;

export const claimKey = (stream: string, shard: string, after: string): string =>
  `${claimPrefix(stream, shard)}after-${padSequence(after)}.json`;
export const claimPrefix = (stream: string, shard: string): string => `claims/${stream}/${shard}/`;
export const partClaimKey = (identity: string, part: number): string =>
  `${partClaimPrefix(identity)}${String(part).padStart(6, '0')}.json`;
const partClaimPrefix = (identity: string): string => `claims/backfill/${identity}/`;
export const replayClaimKey = (source: string, replay: number): string =>
  `${replayClaimPrefix(source)}${String(replay).padStart(6, '0')}.json`;
export const replayClaimPrefix = (source: string): string => `claims/replay/${source}/`;
export const nameClaimKey = (nameHash: string): string => `claims/names/${nameHash}.json`;
export const identitiesKey = (stream: string, shard: string, after: string): string =>
  `${identitiesPrefix(stream, shard)}after-${padSequence(after)}.bin`;
const identitiesPrefix = (stream: string, shard: string): string => `identities/${stream}/${shard}/`;
export const commitKey = (arrival: number, source: string): string =>
  `commits/${hourPartition(arrival)}/${source}.json`;
export const watermarkKey = (stream: string, shard: string): string => `watermarks/${stream}/${shard}.json`;
export const shardsKey = (stream: string): string => `watermarks/${stream}/shards.json`;
export const settingsKey = (hash: string): string => `configs/${hash}.json`;

/** A table's object for one hour; `piece` > 0 only where an epoch had to be cut for memory. */
export const tableKey = (table: 'digests' | 'coverage', partition: string, source: string, piece = 0): string =>
  `${table}/${partition}/${source}${piece === 0 ? '' : `.${piece}`}.parquet`;
export const rejectsKey = (arrival: number, source: string): string =>
  `rejects/${hourPartition(arrival)}/${source}.ndjson.gz`;
export const rawRejectKey = (arrival: number, source: string, n: number): string =>
  `rejects/${hourPartition(arrival)}/${source}-${n}.raw`;
