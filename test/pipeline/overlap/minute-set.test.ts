// Sets of interface-minutes: any of them survives the runs that a claim names it by, and the runs are the shortest.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePartClaim, serialize } from '../../../pipeline/documents.ts';
import { partClaimKey } from '../../../pipeline/keys.ts';
import { hasMinute, MinuteSet, setMinute } from '../../../pipeline/overlap/minute-set.ts';
import type { PartClaim } from '../../../schemas/chain.ts';

const id = fc.constantFrom(null, '', '-', 'eni-1', 'eni-10', 'Ä');
// Around the ends of an hour's halves and of hours.
const minute = fc.constantFrom(0, 1, 29, 30, 31, 58, 59, 60, 61, 119, 120, 30_000_000, 30_000_001);
const member = fc.record({ account: id, interface: id, minute });

const setOf = (members: readonly { account: string | null; interface: string | null; minute: number }[]): MinuteSet => {
  const set = new MinuteSet();
  for (const one of members) setMinute(set.at(one.account, one.interface, Math.floor(one.minute / 60)), one.minute);
  return set;
};

test('the runs name the same minutes, in one order, and none touches the next', () => {
  fc.assert(
    fc.property(fc.array(member), fc.array(member), (members, probes) => {
      const runs = setOf(members).runs();
      expect(setOf(members.toReversed()).runs()).toEqual(runs);
      const again = MinuteSet.of(runs);
      expect(again.runs()).toEqual(runs);
      for (const probe of [...members, ...probes]) {
        const mask = again.mask(probe.account, probe.interface, Math.floor(probe.minute / 60));
        const expected = members.some(
          (one) => one.account === probe.account && one.interface === probe.interface && one.minute === probe.minute,
        );
        expect(mask !== null && hasMinute(mask, probe.minute)).toBe(expected);
      }
      for (const { runs: ofOne } of runs) {
        expect(ofOne.length).toBeGreaterThan(0);
        ofOne.slice(1).forEach(([first], i) => {
          expect(first).toBeGreaterThan(ofOne[i]![0] + ofOne[i]![1] * 60);
        });
      }
      const named = runs.reduce((sum, { runs: ofOne }) => sum + ofOne.reduce((n, [, minutes]) => n + minutes, 0), 0);
      expect(named).toBe(new Set(members.map((one) => JSON.stringify(one))).size);
    }),
  );
});

test('an interface’s minutes over the end of an hour are one run', () => {
  const members = [58, 59, 60, 61, 63].map((one) => ({ account: 'a', interface: null, minute: one }));
  expect(setOf(members).runs()).toEqual([
    {
      account: 'a',
      interface: null,
      runs: [
        [58 * 60, 4],
        [63 * 60, 1],
      ],
    },
  ]);
});

test('a part claim keeps them', () => {
  const claim: PartClaim = {
    ...{ kind: 'part-claim', identity: 'a'.repeat(64), part: 3, firstLine: 0, lines: 7, final: true },
    ...{ settings: 'b'.repeat(64), decoder: 1, arrival: { first: 1, min: 1, max: 1 }, objects: [], name: 'x' },
    ...{ feed: 'other', skip: setOf([{ account: null, interface: 'eni-1', minute: 5 }]).runs() },
  };
  const key = partClaimKey(claim.identity, claim.part);
  expect(parsePartClaim(key, serialize(claim))).toEqual(claim);
});
