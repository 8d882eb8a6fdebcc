// Turns the documents of the epoch chain into the bytes that lie in the store, and those bytes back, or refuses them.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type {
  Claim,
  Commit,
  NameClaim,
  PartClaim,
  ReplayClaim,
  ShardList,
  Tombstone,
  Watermark,
} from '../schemas/chain.ts';
import type { Counts } from '../schemas/counts.ts';
import { VpcflowError } from '../schemas/errors.ts';
import { ENVELOPE_REASONS, LINE_REASONS } from '../schemas/rejects.ts';
import { canonicalJson, parseExactJson } from './canonical-json.ts';
import { claimKey, commitKey, nameClaimKey, partClaimKey, replayClaimKey } from './keys.ts';

export type ChainDocument = Claim | PartClaim | ReplayClaim | NameClaim | Commit | Tombstone | Watermark | ShardList;

/** The bytes of a document: canonical JSON, so that two writers of the same document write the same bytes. */
export const serialize = (document: ChainDocument): Buffer => Buffer.from(canonicalJson(document));

const count = z.int().nonnegative();
const time = z.int(); // Unix ms
const name = z.string().min(1);
const sequence = z.string().regex(/^(0|[1-9]\d{0,55})$/, 'is not a sequence number');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256');
const sum = z
  .union([z.bigint(), z.int()])
  .transform((value) => BigInt(value))
  .refine((value) => value >= 0n, 'is negative');

const arrival = z.strictObject({ first: time, min: time, max: time });
const gap = z.strictObject({ after: sequence, before: sequence });
const decoding = { settings: sha256, decoder: count };

const claim = z.strictObject({
  kind: z.literal('claim'),
  stream: name,
  shard: name,
  after: sequence,
  first: sequence,
  last: sequence,
  records: count,
  ...decoding,
  arrival,
  objects: z.array(name),
  previous: z.nullable(sequence),
  gap: z.exactOptional(gap),
  worker: z.string(),
}) satisfies z.ZodType<Claim>;

const skip = z.exactOptional(
  z.array(
    z.strictObject({
      account: z.nullable(z.string()),
      interface: z.nullable(z.string()),
      runs: z.array(z.tuple([z.int(), z.int().positive()])),
    }),
  ),
);

const partClaim = z.strictObject({
  kind: z.literal('part-claim'),
  identity: sha256,
  part: count,
  firstLine: count,
  lines: count,
  final: z.boolean(),
  ...decoding,
  arrival,
  objects: z.array(name),
  name: z.string(),
  feed: z.exactOptional(name),
  skip,
}) satisfies z.ZodType<PartClaim>;

const rowRanges = z.array(z.tuple([count, count]));
const byReason = z.partialRecord(z.enum([...LINE_REASONS, ...ENVELOPE_REASONS]), count);

const replayClaim = z.strictObject({
  kind: z.literal('replay-claim'),
  source: name,
  replay: count,
  rows: rowRanges,
  ...decoding,
  arrival,
  objects: z.array(name),
  headers_first: z.exactOptional(z.literal(true)),
  skip,
}) satisfies z.ZodType<ReplayClaim>;

const nameClaim = z.strictObject({
  name: z.string(),
  identity: sha256,
  etag: z.exactOptional(z.string()),
}) satisfies z.ZodType<NameClaim>;

const counts = z.strictObject({
  records: count,
  envelopes: count,
  control: count,
  duplicates: count,
  overlaps: count,
  lines: count,
  flows: count,
  nodata: count,
  skipdata: count,
  events: count,
  skipped: z.exactOptional(count),
  rejects: z.strictObject({
    total: count,
    lines: count,
    envelopes: count,
    by_reason: byReason,
  }),
  packets: sum,
  bytes: sum,
}) satisfies z.ZodType<Counts>;

const object = z.strictObject({
  key: name,
  table: z.enum(['digests', 'coverage', 'rejects', 'raw', 'identities', 'events']),
  rows: count,
  bytes: count,
});

const commit = z.strictObject({
  kind: z.literal('commit'),
  source: name,
  claim: name,
  ...decoding,
  arrival,
  counts,
  objects: z.array(object),
  gap: z.exactOptional(gap),
  longestInterval: count,
  final: z.exactOptional(z.boolean()),
  replays: z.exactOptional(z.strictObject({ source: name, rows: rowRanges, by_reason: byReason })),
}) satisfies z.ZodType<Commit>;

const tombstone = z.strictObject({
  kind: z.literal('tombstone'),
  source: name,
  claim: name,
  arrival,
  last: sequence,
  removed: z.array(name),
}) satisfies z.ZodType<Tombstone>;

const commitOrTombstone = z.discriminatedUnion('kind', [commit, tombstone]);

const watermark = z.strictObject({
  kind: z.literal('watermark'),
  watermark: time,
  link: z.nullable(sequence),
  last: sequence,
  ended: z.boolean(),
  children: z.array(name),
}) satisfies z.ZodType<Watermark>;

const shardList = z.strictObject({
  kind: z.literal('shards'),
  shards: z.array(z.strictObject({ shard: name, parents: z.array(name), closed: z.boolean() })),
}) satisfies z.ZodType<ShardList>;

const corrupt = (key: string, why: string, cause?: unknown): VpcflowError =>
  new VpcflowError('VF_STORE_CORRUPT', `${key}: ${why}`, { cause });

const utf8 = new TextDecoder('utf-8', { fatal: true });

const parse = <T>(schema: z.ZodType<T>, key: string, body: Uint8Array): T => {
  let value: unknown;
  try {
    value = parseExactJson(utf8.decode(body));
  } catch (error) {
    throw corrupt(key, 'it is not JSON', error);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw corrupt(key, `${where}${issue?.message ?? 'it is not valid'}`, result.error);
};

/** Refuses a document that lies under a key other than the one its content names. */
const placed = <T>(document: T, key: string, expected: string): T => {
  if (key !== expected) throw corrupt(key, `its content belongs to ${expected}`);
  return document;
};

/** Throws VF_STORE_CORRUPT, naming the key, when the bytes are not exactly a claim of that key; so do the others. */
export const parseClaim = (key: string, body: Uint8Array): Claim => {
  const document = parse(claim, key, body);
  return placed(document, key, claimKey(document.stream, document.shard, document.after));
};

export const parsePartClaim = (key: string, body: Uint8Array): PartClaim => {
  const document = parse(partClaim, key, body);
  return placed(document, key, partClaimKey(document.identity, document.part));
};

export const parseReplayClaim = (key: string, body: Uint8Array): ReplayClaim => {
  const document = parse(replayClaim, key, body);
  return placed(document, key, replayClaimKey(document.source, document.replay));
};

export const parseNameClaim = (key: string, body: Uint8Array): NameClaim => {
  const document = parse(nameClaim, key, body);
  return placed(document, key, nameClaimKey(createHash('sha256').update(document.name).digest('hex')));
};

/** What lies in a link's place under `commits/`: its commit, or the tombstone of a link that never got one. */
export const parseCommit = (key: string, body: Uint8Array): Commit | Tombstone => {
  const document = parse(commitOrTombstone, key, body);
  return placed(document, key, commitKey(document.arrival.first, document.source));
};

export const parseWatermark = (key: string, body: Uint8Array): Watermark => parse(watermark, key, body);

export const parseShardList = (key: string, body: Uint8Array): ShardList => parse(shardList, key, body);
