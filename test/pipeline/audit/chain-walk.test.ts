// The walk over a shard's claims: a whole chain has no gap, and whatever is taken out of its middle is named.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChainWalk, type LinkEnd } from '../../../pipeline/audit/chain-walk.ts';
import type { AuditGap } from '../../../schemas/audit.ts';
import type { Claim } from '../../../schemas/chain.ts';

const STREAM = '123456789012.eu-west-1.flows';
const SHARD = 'shardId-000000000000';

interface Link {
  readonly claim: Claim;
  readonly end: LinkEnd;
}

/** A chain of links of the given lengths; a negative one ends in a tombstone that many numbers before its claim's last. */
const chainOf = (lengths: readonly number[]): Link[] => {
  const links: Link[] = [];
  let after = 0n;
  let previous: string | null = null;
  for (const length of lengths) {
    const last: bigint = after + BigInt(Math.abs(length)) + 1n;
    const next: bigint = length < 0 ? last - 1n : last;
    const claim: Claim = {
      kind: 'claim',
      ...{ stream: STREAM, shard: SHARD, after: String(after), previous },
      ...{ first: String(after + 1n), last: String(last), records: Math.abs(length) + 1 },
      ...{ settings: '0'.repeat(64), decoder: 1, arrival: { first: 0, min: 0, max: 0 }, objects: [], worker: 'w' },
    };
    links.push({ claim, end: length < 0 ? { kind: 'tombstone', last: String(next) } : { kind: 'commit' } });
    previous = String(after);
    after = next;
  }
  return links;
};

const walked = (links: readonly Link[]): { gaps: AuditGap[]; walk: ChainWalk } => {
  const walk = new ChainWalk(STREAM, SHARD, true);
  return { gaps: links.flatMap(({ claim, end }) => walk.next(claim, end)), walk };
};

const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 10 ** 9 }), fc.integer({ min: -(10 ** 9), max: -1 })), {
  minLength: 3,
  maxLength: 20,
});

it('a whole chain has no gap and nothing open', () => {
  fc.assert(
    fc.property(lengths, (given) => {
      const { gaps, walk } = walked(chainOf(given));
      expect(gaps).toEqual([]);
      expect([walk.open, walk.beginning]).toEqual([null, null]);
    }),
  );
});

it('a claim taken out of the middle is the one gap', () => {
  fc.assert(
    fc.property(lengths, fc.nat(), (given, at) => {
      const links = chainOf(given);
      const out = 1 + (at % (links.length - 2));
      const { gaps } = walked(links.toSpliced(out, 1));
      expect(gaps.map(({ what }) => what)).toEqual(['missing claim']);
      expect(gaps[0]?.expected).toContain(links[out]?.claim.after);
    }),
  );
});

it('a commit taken out is a gap, unless it is the last: then the link is open', () => {
  fc.assert(
    fc.property(lengths, fc.nat(), (given, at) => {
      const links = chainOf(given.map(Math.abs));
      const out = at % links.length;
      const { claim } = links[out] ?? links[0]!;
      const { gaps, walk } = walked(links.with(out, { claim, end: { kind: 'none' } }));
      if (out === links.length - 1) expect([gaps, walk.open]).toEqual([[], claim]);
      else expect(gaps.map(({ what }) => what)).toEqual(['missing commit']);
    }),
  );
});

it('a chain whose first claims are gone begins later', () => {
  fc.assert(
    fc.property(lengths, fc.nat(), (given, at) => {
      const links = chainOf(given);
      const from = 1 + (at % (links.length - 1));
      const { gaps, walk } = walked(links.slice(from));
      expect(gaps).toEqual([]);
      expect(walk.beginning).toBe(links[from]?.claim.after);
    }),
  );
});
