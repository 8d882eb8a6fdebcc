// What could not be decoded, and why: the closed list of reasons, and the shape of one kept reject.

/** Reasons that reject one line. */
export const LINE_REASONS = [
  'line_too_long',
  'no_format',
  'token_count',
  'bad_number',
  'bad_address',
  'bad_status',
  'bad_time',
  'decoder_error',
] as const;

/** Reasons that reject a record or object, or the rest of one. */
export const ENVELOPE_REASONS = [
  'envelope_undecodable',
  'envelope_truncated',
  'envelope_too_large',
  'decoder_error',
] as const;

export type LineReason = (typeof LINE_REASONS)[number];
export type EnvelopeReason = (typeof ENVELOPE_REASONS)[number];
export type RejectReason = LineReason | EnvelopeReason;

/** Each once. */
export const REJECT_REASONS: readonly RejectReason[] = [...new Set([...LINE_REASONS, ...ENVELOPE_REASONS])];

/** The longest line, in bytes; a longer one is one reject. */
export const MAX_LINE_BYTES = 64 * 1024;
/** The most raw bytes that a reject keeps. */
export const MAX_REJECT_RAW_BYTES = 64 * 1024;
/** Decompressed bytes up to which any expansion is taken; past them at most MAX_EXPANSION : 1. */
export const EXPANSION_FREE_BYTES = 64 * 1024 * 1024;
export const MAX_EXPANSION = 300;

/** One reject as a line of `rejects/…/<source>.ndjson.gz`. */
export interface Reject {
  readonly reason: RejectReason;
  /** Whether one line was rejected or a whole envelope, record or object (or what was left of it). */
  readonly scope: 'line' | 'envelope';
  readonly detail: string;
  readonly source: string;
  /** The line's ordinal in its record or object (0-based), or the byte offset of the damage for an envelope. */
  readonly offset: number;
  readonly log_group?: string;
  /** The timestamp of the log event that the line came in, Unix ms: the time of a line that has no other. */
  readonly time?: number;
  /** The LogFormat of the header line or schema that the line came under; absent where a format was declared, or none. */
  readonly format?: string;
  /** The bytes as they came, when they are UTF-8; otherwise `raw_base64`. */
  readonly raw?: string;
  readonly raw_base64?: string;
  /** True when `raw` holds only the first MAX_REJECT_RAW_BYTES. */
  readonly cut?: true;
  /** The name of the object beside the log that holds the whole record: `<source>-<n>.raw`. */
  readonly whole?: string;
}
