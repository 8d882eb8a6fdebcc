// The settings that decide how bytes become digest rows. An epoch is claimed under their hash, so that whoever
// finishes it decodes alike; nothing that changes a row may live anywhere else.

/** Declares the AWS LogFormat of the log groups that match a pattern (`*` matches any run of characters). */
export interface FormatRule {
  readonly logGroup: string;
  readonly format: string;
}

export interface Settings {
  /** `service` folds the ephemeral port to 0; `all` keeps both. */
  readonly ports: 'service' | 'all';
  /** Ports that are services wherever they stand, ascending. */
  readonly servicePorts: readonly number[];
  /** First match wins; without one: the default format, and the transit-gateway format for `6 TransitGateway …`. */
  readonly formats: readonly FormatRule[];
  /** The format of log groups without a rule, and of lines without a log group; null: the default. */
  readonly format: string | null;
  /** The log group of lines that come without one (raw, NDJSON), to find their rule; null: they match no rule. */
  readonly logGroup: string | null;
}

export const DEFAULT_SETTINGS: Settings = {
  ports: 'service',
  servicePorts: [],
  formats: [],
  format: null,
  logGroup: null,
};

/** Raised whenever the same bytes and settings would give other rows: an epoch is finished by the version that claimed it. */
export const DECODER_VERSION = 2;
