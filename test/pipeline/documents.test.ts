// The documents of the chain come back as they were written, and anything else under their keys is refused by name.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseClaim,
  parseCommit,
  parseNameClaim,
  parsePartClaim,
  parseReplayClaim,
  parseShardList,
  parseWatermark,
  serialize,
} from '../../pipeline/documents.ts';
import {
  backfillSource,
  claimKey,
  commitKey,
  nameClaimKey,
  partClaimKey,
  replayClaimKey,
  streamSource,
} from '../../pipeline/keys.ts';
import type { Claim, Commit, PartClaim, ReplayClaim, Tombstone, Watermark } from '../../schemas/chain.ts';
import { ENVELOPE_REASONS, LINE_REASONS } from '../../schemas/rejects.ts';

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const sum = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const sequence = fc.bigInt({ min: 0n, max: 10n ** 56n - 1n }).map(String);
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const time = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 11, 31) });
const arrival = fc.record({ first: time, min: time, max: time });
const shard = fc.constantFrom('shardId-000000000000', 'shardId-000000000017');
const stream = fc.constant('123456789012.us-east-1.flow-logs');
const name = fc.string({ minLength: 1, unit: 'grapheme' });
const gap = fc.option(fc.record({ after: sequence, before: sequence }), { nil: undefined });
const withGap = <T extends object>(given: T, held: { after: string; before: string } | undefined) =>
  held === undefined ? given : { ...given, gap: held };

const claim: fc.Arbitrary<Claim> = fc
  .record({
    kind: fc.constant('claim' as const),
    stream,
    shard,
    after: sequence,
    previous: fc.option(sequence),
    first: sequence,
    last: sequence,
    records: count,
    settings: hash,
    decoder: count,
    arrival,
    objects: fc.array(name),
    worker: fc.string(),
  })
  .chain((given) => gap.map((held) => withGap(given, held)));

const partClaim: fc.Arbitrary<PartClaim> = fc.record({
  kind: fc.constant('part-claim' as const),
  identity: hash,
  part: fc.nat({ max: 999_999 }),
  final: fc.boolean(),
  firstLine: count,
  lines: count,
  settings: hash,
  decoder: count,
  arrival,
  objects: fc.array(name),
  name: fc.string(),
});

const rows = fc.array(fc.tuple(count, count));
const byReason = fc.dictionary(fc.constantFrom(...LINE_REASONS, ...ENVELOPE_REASONS), count, { noNullPrototype: true });
const skip = fc.array(
  fc.record({
    account: fc.option(fc.string()),
    interface: fc.option(fc.string()),
    runs: fc.array(fc.tuple(fc.integer(), fc.integer({ min: 1, max: 60 }))),
  }),
);

const replayClaim: fc.Arbitrary<ReplayClaim> = fc
  .record({
    kind: fc.constant('replay-claim' as const),
    ...{ source: name, replay: fc.nat({ max: 9 }), rows, settings: hash, decoder: count, arrival },
    objects: fc.array(name),
  })
  .chain((given) => fc.option(skip).map((held) => (held === null ? given : { ...given, skip: held })));

const counts = fc.record({
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
  rejects: fc.record({
    total: count,
    lines: count,
    envelopes: count,
    by_reason: byReason,
  }),
  packets: sum,
  bytes: sum,
});

const source = fc.oneof(
  fc.tuple(stream, shard, sequence).map(([a, b, c]) => streamSource(a, b, c)),
  fc.tuple(hash, fc.nat({ max: 9 })).map(([a, b]) => backfillSource(a, b)),
);

const commit: fc.Arbitrary<Commit> = fc
  .record({
    kind: fc.constant('commit' as const),
    source,
    claim: name,
    settings: hash,
    decoder: count,
    arrival,
    counts,
    objects: fc.array(
      fc.record({
        key: name,
        table: fc.constantFrom('digests' as const, 'coverage' as const, 'rejects' as const, 'raw' as const),
        rows: count,
        bytes: count,
      }),
    ),
    longestInterval: count,
  })
  .chain((given) => fc.tuple(gap, fc.boolean()).map(([held, final]) => withGap({ ...given, final }, held)))
  .chain((given) =>
    fc
      .option(fc.record({ source: name, rows, by_reason: byReason }))
      .map((replays) => (replays === null ? given : { ...given, replays })),
  );

const tombstone: fc.Arbitrary<Tombstone> = fc.record({
  kind: fc.constant('tombstone' as const),
  source,
  claim: name,
  arrival,
  last: sequence,
  removed: fc.array(name),
});

describe('a document comes back as it was written', () => {
  it('claims', () => {
    fc.assert(
      fc.property(claim, (document) => {
        const key = claimKey(document.stream, document.shard, document.after);
        expect(parseClaim(key, serialize(document))).toEqual(document);
      }),
    );
  });

  it('part claims', () => {
    fc.assert(
      fc.property(partClaim, (document) => {
        const key = partClaimKey(document.identity, document.part);
        expect(parsePartClaim(key, serialize(document))).toEqual(document);
      }),
    );
  });

  it('claims of replays', () => {
    fc.assert(
      fc.property(replayClaim, (document) => {
        const key = replayClaimKey(document.source, document.replay);
        expect(parseReplayClaim(key, serialize(document))).toEqual(document);
      }),
    );
  });

  it('name claims, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), hash, (given, identity) => {
        const key = nameClaimKey(createHash('sha256').update(given).digest('hex'));
        expect(parseNameClaim(key, serialize({ name: given, identity }))).toEqual({ name: given, identity });
      }),
    );
  });

  it('commits and tombstones', () => {
    fc.assert(
      fc.property(fc.oneof(commit, tombstone), (document) => {
        const key = commitKey(document.arrival.first, document.source);
        expect(parseCommit(key, serialize(document))).toEqual(document);
      }),
    );
  });

  it('watermarks and shard lists', () => {
    const watermark: Watermark = {
      kind: 'watermark',
      watermark: Date.UTC(2026, 10, 20, 5),
      link: null,
      last: '0',
      ended: false,
      children: ['shardId-000000000001'],
    };
    const shards = { kind: 'shards', shards: [{ shard: 'shardId-000000000000', parents: [], closed: true }] } as const;
    expect(parseWatermark('watermarks/s/a.json', serialize(watermark))).toEqual(watermark);
    expect(parseShardList('watermarks/s/shards.json', serialize(shards))).toEqual(shards);
  });
});

const example: Commit = {
  kind: 'commit',
  source: streamSource('123456789012.us-east-1.flow-logs', 'shardId-000000000000', '0'),
  claim: claimKey('123456789012.us-east-1.flow-logs', 'shardId-000000000000', '0'),
  settings: 'a'.repeat(64),
  decoder: 1,
  arrival: { first: Date.UTC(2026, 10, 20, 5, 1), min: 1, max: 2 },
  counts: {
    records: 1,
    envelopes: 1,
    control: 0,
    duplicates: 0,
    overlaps: 0,
    lines: 2,
    flows: 2,
    nodata: 0,
    skipdata: 0,
    events: 0,
    rejects: { total: 0, lines: 0, envelopes: 0, by_reason: {} },
    packets: 3n,
    bytes: 2n ** 63n - 1n,
  },
  objects: [],
  longestInterval: 60,
};
const key = commitKey(example.arrival.first, example.source);
const written = serialize(example).toString();

it('writes sorted keys, no white space, and sums past 2^53 as plain integers', () => {
  expect(written.startsWith('{"arrival":{"first":1795150860000,"max":2,"min":1},"claim":"claims/')).toBe(true);
  expect(written).toContain('"bytes":9223372036854775807,');
  expect(written).toContain('"packets":3,');
  const { arrival: span, ...rest } = example;
  expect(serialize({ arrival: span, ...rest }).toString()).toBe(written);
});

it('refuses to write what JSON cannot hold', () => {
  expect(() => serialize({ ...example, longestInterval: Number.NaN })).toThrow(TypeError);
});

describe('a broken document is refused, naming its key', () => {
  it.each([
    ['nothing', ''],
    ['half of it', written.slice(0, written.length / 2)],
    ['another kind', written.replace('"kind":"commit"', '"kind":"claim"')],
    ['an unknown member', written.replace('{', '{"more":1,')],
    ['a missing member', written.replace('"decoder":1,', '')],
    ['a negative count', written.replace('"lines":2', '"lines":-2')],
    ['a fraction', written.replace('"lines":2', '"lines":2.5')],
    ['a count past 2^53', written.replace('"lines":2', '"lines":9007199254740993')],
    ['a sum as text', written.replace('"packets":3', '"packets":"3"')],
    ['an unknown reason', written.replace('"by_reason":{}', '"by_reason":{"bad_luck":1}')],
    ['a settings hash cut short', written.replace(/"settings":"a/, '"settings":"')],
    ['another source', written.replace('shardId-000000000000-after', 'shardId-000000000001-after')],
    ['another arrival hour', written.replace('"first":1795150860000', '"first":1795160860000')],
    ['null', 'null'],
  ])('%s', (_what, text) => {
    expect(text).not.toBe(written);
    const parse = (): unknown => parseCommit(key, Buffer.from(text));
    expect(parse).toThrow(expect.objectContaining({ code: 'VF_STORE_CORRUPT', message: expect.stringContaining(key) }));
  });

  it('bytes that are not UTF-8', () => {
    const broken = Buffer.from(written);
    broken[broken.indexOf('claims')] = 0xff;
    expect(() => parseCommit(key, broken)).toThrow(expect.objectContaining({ code: 'VF_STORE_CORRUPT' }));
  });

  it('a claim under the key of another', () => {
    const [document] = fc.sample(claim, 1);
    if (document === undefined) throw new Error('no sample');
    const elsewhere = claimKey(document.stream, 'shardId-000000000099', document.after);
    expect(() => parseClaim(elsewhere, serialize(document))).toThrow(/belongs to claims\//);
  });
});
