// What the decoder fills, and whom it asks about duplicates.
import type { Coverage } from '../digest/coverage.ts';
import type { Digest } from '../digest/digest.ts';
import type { StringPool } from '../digest/strings.ts';
import type { RejectLog } from '../rejects/reject-log.ts';
import type { Tally } from './tally.ts';

/** What a CloudWatch Logs envelope is recognised by when it is delivered again. */
export interface EnvelopeIdentity {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly firstId: string;
  readonly lastId: string;
  readonly count: number;
}

export interface DuplicateFilter {
  /** Cheap, asked before the first line of an envelope is merged: false = certainly new. */
  maybe(owner: string, logGroup: string, logStream: string, firstId: string): boolean;
  /** Exact. */
  isDuplicate(identity: EnvelopeIdentity): boolean;
  /** A merged envelope is remembered; returns true when its id range overlaps an earlier one of the log stream. */
  remember(identity: EnvelopeIdentity): boolean;
  /** The same for a record that carries its own identity (partition key `fh:…`). */
  isDuplicateKey(key: string): boolean;
  rememberKey(key: string): void;
}

/** Knows nothing, so that everything is new. */
export const NO_DUPLICATES: DuplicateFilter = {
  maybe: () => false,
  isDuplicate: () => false,
  remember: () => false,
  isDuplicateKey: () => false,
  rememberKey: () => {},
};

export interface DecodeTarget {
  readonly pool: StringPool;
  readonly digest: Digest;
  readonly coverage: Coverage;
  readonly rejects: RejectLog;
  readonly tally: Tally;
  readonly duplicates: DuplicateFilter;
}
