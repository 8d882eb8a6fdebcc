// The JSON documents of the epoch chain: claims, commits, watermarks and the shard list, as they lie in the store.
import type { Counts } from './counts.ts';
import type { RejectReason } from './rejects.ts';

/** The first and last approximate arrival time of an epoch's records, Unix ms. */
export interface ArrivalSpan {
  readonly first: number; // ms, of the first record: names the arrival hour and minute
  readonly min: number; // ms
  readonly max: number; // ms
}

/** Records of the chain that nobody can read any more: strictly between two positions. */
export interface Gap {
  readonly after: string;
  readonly before: string;
}

/** `claims/<stream>/<shard>/after-<seq>.json`: fixes an epoch's extent before its data is written. */
export interface Claim {
  readonly kind: 'claim';
  readonly stream: string;
  readonly shard: string;
  readonly after: string; // last sequence number of the predecessor, 0 for the first epoch
  readonly first: string;
  readonly last: string; // inclusive
  readonly records: number;
  readonly settings: string; // sha256 of the canonical settings JSON
  readonly decoder: number;
  readonly arrival: ArrivalSpan;
  readonly objects: readonly string[];
  /** The `after` of the link before this one, so that identities can be loaded backwards; null at the chain's begin. */
  readonly previous: string | null;
  readonly gap?: Gap;
  readonly worker: string;
}

/** Minutes of one interface: of each run its first minute (Unix s) and how many minutes follow one another. */
export interface InterfaceMinutes {
  readonly account: string | null;
  readonly interface: string | null;
  readonly runs: readonly (readonly [first: number, minutes: number])[]; // ascending, apart from one another
}

/** The feed of a backfill for which none was named. Every stream is a feed of its own. */
export const DEFAULT_FEED = 'backfill';

/** `claims/backfill/<identity>/<part>.json`: the same for one part of an object. */
export interface PartClaim {
  readonly kind: 'part-claim';
  readonly identity: string; // sha256 of the object's bytes
  readonly part: number; // 0-based
  readonly firstLine: number; // 0-based ordinal in the object
  readonly lines: number;
  readonly final: boolean; // it reaches to the object's end: what follows its last line is its own, too
  readonly settings: string;
  readonly decoder: number;
  readonly arrival: ArrivalSpan; // when part 0 was claimed; the same for all parts
  readonly objects: readonly string[];
  readonly name: string;
  /** Absent: DEFAULT_FEED. */
  readonly feed?: string;
  /** What other feeds had evidence of, and this part leaves out; absent: nothing. */
  readonly skip?: readonly InterfaceMinutes[];
}

/** Ordinals in a reject log, inclusive; ascending, apart from one another. */
export type RowRanges = readonly (readonly [first: number, last: number])[];

/** `claims/replay/<source>/<n>.json`: fixes which rejects of a source its n-th replay takes over. */
export interface ReplayClaim {
  readonly kind: 'replay-claim';
  readonly source: string; // whose rejects
  readonly replay: number; // n, 0-based
  readonly rows: RowRanges; // rows of the source's reject log; of no earlier replay
  readonly settings: string;
  readonly decoder: number;
  readonly arrival: ArrivalSpan; // the source's own
  readonly objects: readonly string[];
  /** No formats were given: a line is read under the header that it came under, before those of the settings. */
  readonly headers_first?: true;
  /** What other feeds had evidence of, and this replay leaves out; absent: nothing. */
  readonly skip?: readonly InterfaceMinutes[];
}

/** `claims/names/<sha256 of name>.json`: which content a name had. */
export interface NameClaim {
  readonly name: string;
  readonly identity: string;
  /** ETag of the object in S3: the same name and ETag need not be read to be known. */
  readonly etag?: string;
}

export type ObjectTable = 'digests' | 'coverage' | 'rejects' | 'raw' | 'identities' | 'events';

export interface CommittedObject {
  readonly key: string;
  readonly table: ObjectTable;
  readonly rows: number;
  readonly bytes: number; // size of the object
}

/** `commits/date=…/hour=…/<source>.json`: what the source contained. Its existence makes the epoch count. */
export interface Commit {
  readonly kind: 'commit';
  readonly source: string;
  readonly claim: string; // key of the claim
  readonly settings: string;
  readonly decoder: number;
  readonly arrival: ArrivalSpan;
  readonly counts: Counts;
  readonly objects: readonly CommittedObject[];
  readonly gap?: Gap;
  /** Longest `end - start` of a flow or NODATA line, seconds: the aggregation interval met. */
  readonly longestInterval: number;
  /** Only in a backfill: this is the object's last part. */
  readonly final?: boolean;
  /** Only in a replay: the rejects that it took over; lists and sums of rejects leave them out. */
  readonly replays?: Replays;
}

export interface Replays {
  readonly source: string;
  readonly rows: RowRanges;
  readonly by_reason: Readonly<Partial<Record<RejectReason, number>>>;
}

/** A commit in a claim's place whose beginning was gone before anybody wrote it; the chain goes on after `last`. */
export interface Tombstone {
  readonly kind: 'tombstone';
  readonly source: string;
  readonly claim: string;
  readonly arrival: ArrivalSpan; // the claim's
  readonly last: string; // where the next link begins: after this sequence number
  readonly removed: readonly string[];
}

/** `watermarks/<stream>/<shard>.json`. */
export interface Watermark {
  readonly kind: 'watermark';
  readonly watermark: number; // ms; the shard is complete up to this arrival time
  readonly link: string | null; // the `after` of its last committed link, null before the first
  readonly last: string; // where the chain goes on: last sequence number of that link
  readonly ended: boolean;
  readonly children: readonly string[];
}

export interface ShardInfo {
  readonly shard: string;
  readonly parents: readonly string[];
  readonly closed: boolean;
}

/** `watermarks/<stream>/shards.json`: every shard that ListShards has ever shown. */
export interface ShardList {
  readonly kind: 'shards';
  readonly shards: readonly ShardInfo[];
}
