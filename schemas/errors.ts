// The error catalogue: every way vpcflow can fail, with its code, its sentence, its HTTP status and what to do.

export interface CatalogueEntry {
  readonly status: number; // HTTP
  /** Whether doing the same again can help. */
  readonly retry: boolean;
  /** What the reader should do; ends the message. */
  readonly help: string;
}

const entry = (status: number, retry: boolean, help: string): CatalogueEntry => ({ status, retry, help });

export const ERRORS = {
  VF_USAGE: entry(400, false, 'see --help'),
  VF_BAD_TIME: entry(400, false, 'give RFC 3339 (2026-11-20T14:05:00Z) or now, now-15m, now-1d'),
  VF_BAD_WINDOW: entry(400, false, 'start must be before stop'),
  VF_BAD_FORMAT: entry(400, false, 'give an AWS LogFormat string such as "${version} ${account-id} …"'),
  VF_RULES: entry(400, false, 'correct the rule file; README, Mirroring, has its keys'),
  VF_BAD_FILTER: entry(400, false, 'write comparisons such as srcaddr in 10.0.0.0/8 and dstport = 443'),
  VF_BAD_PARAMETER: entry(400, false, 'see /openapi.json'),
  VF_NOT_FOUND: entry(404, false, 'see /openapi.json for what there is'),
  VF_METHOD: entry(405, false, 'use a method that the Allow header names; see /openapi.json'),
  VF_SLOW_REQUEST: entry(408, true, 'send the whole request at once'),
  VF_BODY_TOO_LARGE: entry(413, false, 'send a smaller body, or none; see /openapi.json'),
  VF_FORBIDDEN_HOST: entry(403, false, 'use the address that the server printed'),
  VF_UNAUTHORIZED: entry(401, false, 'send a token of --token-file as `Authorization: Bearer …`'),
  VF_FORBIDDEN: entry(403, false, 'use a token with the role operate'),
  VF_RATE: entry(429, true, 'ask less often, or raise --rate-limit'),
  VF_TOO_LARGE: entry(431, false, 'shorten the request: its line and headers together have at most 16 KiB'),
  VF_CACHE: entry(503, true, 'check the free space and the permissions of --cache-dir'),
  VF_BUSY: entry(503, true, 'try again in a moment'),
  VF_STORE_MISSING: entry(
    500,
    false,
    'check --store, or write something there first with `vpcflow up` or `vpcflow backfill`',
  ),
  VF_STORE_UNREACHABLE: entry(503, true, 'check the path or bucket, its permissions and free space'),
  VF_STORE_KEY: entry(500, false, 'use a relative path without `..`, dots in front or control characters'),
  VF_STORE_CORRUPT: entry(500, false, 'restore the object, or move it away and run `vpcflow audit`'),
  VF_STORE_VERSION: entry(500, false, 'use the vpcflow version that wrote this store, or a newer one'),
  VF_SOURCE_UNREADABLE: entry(500, false, 'check that the file exists and may be read'),
  VF_NAME_REUSED: entry(409, false, 'pass --as-new if the new content really is other data'),
  VF_OVERLAP: entry(
    409,
    false,
    'pass --overlap skip to take only what no other feed has, or --overlap add to count it twice',
  ),
  VF_SERVICE: entry(503, true, 'check the region, the credentials, their permissions and the endpoint'),
  VF_PORT_IN_USE: entry(500, false, 'choose another with --port, or stop what listens there'),
  VF_IN_USE: entry(409, true, 'stop the other one, or use another directory'),
  VF_BIND_REFUSED: entry(500, false, 'bind to 127.0.0.1; a public address needs authentication'),
  VF_CLAIM_LOST: entry(500, true, 'another worker owns this epoch; the records come again'),
  VF_CHAIN_AHEAD: entry(
    500,
    false,
    'run `vpcflow digest … --rewind` once: what is committed is skipped; or, if this is another store than the checkpoints are of, give it an --application of its own',
  ),
  VF_CHAIN_BROKEN: entry(500, false, 'run `vpcflow audit` and keep the store as it is'),
  VF_DECODER_VERSION: entry(500, false, 'finish the open epoch with the version that claimed it'),
  VF_LEASE_LOST: entry(500, true, 'another worker has the shard now; it reads the records again'),
  VF_CHECKPOINT_FAILED: entry(500, true, 'nothing is lost; the records come again'),
  VF_ENGINE: entry(500, true, 'see the log lines before; start it again: nothing is lost, the records come again'),
  VF_STREAM: entry(503, true, 'check the stream name, the endpoint and the permissions'),
  VF_LIMIT: entry(422, false, 'ask for a smaller window or a coarser grouping'),
  VF_TIMEOUT: entry(504, true, 'ask for a smaller window or a coarser grouping'),
  VF_QUERY: entry(500, true, 'run `vpcflow audit`; if it is ok, report the query'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** The only error that vpcflow throws on purpose: what was given (`message`) and what to do (from the catalogue). */
export class VpcflowError extends Error {
  override readonly name = 'VpcflowError';
  readonly code: ErrorCode;
  readonly help: string;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown; readonly help?: string }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.help = options?.help ?? ERRORS[code].help;
  }

  /** One sentence for a person: what happened; what to do. After a message of several lines that is a line of its own. */
  get sentence(): string {
    return `${this.message}${this.message.includes('\n') ? '\n' : '; '}${this.help} (${this.code})`;
  }
}
