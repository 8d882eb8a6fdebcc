// Duplicate and overlap decisions against a plain list of everything remembered, and the file that carries them over.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EnvelopeIdentity } from '../../../pipeline/decode/decode-target.ts';
import { IDENTITY_WINDOW, IdentityWindow } from '../../../pipeline/epoch/identities.ts';
import { decodeIdentities, encodeIdentities } from '../../../pipeline/epoch/identity-file.ts';

const identity = (over: Partial<EnvelopeIdentity> = {}): EnvelopeIdentity => ({
  owner: '123456789012',
  logGroup: 'flows',
  logStream: 'eni-0a-all',
  firstId: '100',
  lastId: '200',
  count: 3,
  ...over,
});

const identities = fc.record({
  owner: fc.constantFrom('1', '12'),
  logGroup: fc.constantFrom('', '2', 'g'),
  logStream: fc.constantFrom('a', 'b'),
  firstId: fc.constantFrom('10', '15', '20', 'x'),
  lastId: fc.constantFrom('20', '25', 'y'),
  count: fc.integer({ min: 1, max: 2 }),
});

describe('IdentityWindow', () => {
  it('decides like a list of everything remembered', () => {
    const events = fc.array(fc.tuple(identities, fc.integer({ min: 0, max: 3_600_000 })), { maxLength: 60 });
    fc.assert(
      fc.property(events, (steps) => {
        const window = new IdentityWindow();
        const seen: { identity: EnvelopeIdentity; arrival: number }[] = [];
        let arrival = 0;
        steps.forEach(([next, wait], n) => {
          arrival += wait;
          window.at(String(n + 1), arrival);
          // The latest of equal identities decides: it is the one most likely in reach.
          const same = seen.filter((other) => JSON.stringify(other.identity) === JSON.stringify(next)).at(-1);
          const expected = same !== undefined && arrival - same.arrival <= IDENTITY_WINDOW;
          expect(window.isDuplicate(next)).toBe(expected);
          if (expected) {
            expect(window.maybe(next.owner, next.logGroup, next.logStream, next.firstId)).toBe(true);
            return;
          }
          window.remember(next);
          seen.push({ identity: next, arrival });
        });
      }),
    );
  });

  it('does not confuse parts that join to the same text', () => {
    const window = new IdentityWindow();
    window.remember(identity({ owner: '1', logGroup: '23' }));
    expect(window.isDuplicate(identity({ owner: '12', logGroup: '3' }))).toBe(false);
    expect(window.maybe('12', '3', 'eni-0a-all', '100')).toBe(false);
    expect(window.isDuplicate(identity({ owner: '1', logGroup: '23', count: 4 }))).toBe(false);
  });

  it('forgets what arrived longer ago than the window', () => {
    const window = new IdentityWindow();
    window.at('1', 0);
    window.remember(identity());
    window.rememberKey('fh:a:0');
    window.at('2', IDENTITY_WINDOW);
    expect([window.isDuplicate(identity()), window.isDuplicateKey('fh:a:0')]).toEqual([true, true]);
    window.at('3', IDENTITY_WINDOW + 1);
    expect([window.isDuplicate(identity()), window.isDuplicateKey('fh:a:0')]).toEqual([false, false]);
  });

  it('forgets what is further back than the limit, whatever its age', () => {
    const limit = 70_000;
    const window = new IdentityWindow(limit);
    window.at('1', 0);
    for (let n = 0; n <= limit; n++) window.rememberKey(`fh:${n}`);
    expect(window.isDuplicateKey('fh:0')).toBe(false);
    expect(window.isDuplicateKey('fh:1')).toBe(true);
    expect(window.isDuplicateKey(`fh:${limit}`)).toBe(true);
    expect(window.take()).toHaveLength(limit + 1);
  });

  it('tells a re-batched envelope by its id range', () => {
    const window = new IdentityWindow();
    expect(window.remember(identity({ firstId: '100', lastId: '200' }))).toBe(false);
    expect(window.remember(identity({ firstId: '201', lastId: '300' }))).toBe(false);
    expect(window.remember(identity({ firstId: '299', lastId: '1000' }))).toBe(true);
    expect(window.remember(identity({ logStream: 'eni-0b-all', firstId: '150', lastId: '160' }))).toBe(false);
    expect(window.remember(identity({ firstId: 'not', lastId: 'numbers' }))).toBe(false);
  });

  it('compares ranges only with what is in reach, however long it has been running', () => {
    const ran = new IdentityWindow(2);
    ran.at('1', 0);
    ran.remember(identity({ firstId: '100', lastId: '200' }));
    ran.rememberKey('fh:a');
    ran.rememberKey('fh:b');
    const loaded = new IdentityWindow(2);
    loaded.load(ran.take().slice(-2));
    const next = identity({ firstId: '150', lastId: '250' });
    expect([ran.remember(next), loaded.remember(next)]).toEqual([false, false]);
  });

  it('carries over through its file to a window that decides alike', () => {
    fc.assert(
      fc.property(fc.array(identities), identities, fc.nat({ max: 1e12 }), (before, next, arrival) => {
        const window = new IdentityWindow();
        before.forEach((entry, n) => {
          window.at(String(10n ** 55n + BigInt(n)), arrival);
          window.remember(entry);
        });
        window.at('8', arrival);
        window.rememberKey('fh:r:1');
        const taken = window.take();
        const loaded = new IdentityWindow();
        const read = decodeIdentities('k', encodeIdentities(taken));
        expect(read).toEqual(taken);
        loaded.load(read);
        loaded.at('9', arrival + 1);
        window.at('9', arrival + 1);
        expect(loaded.isDuplicate(next)).toBe(window.isDuplicate(next));
        expect(loaded.isDuplicateKey('fh:r:1')).toBe(true);
        expect(loaded.remember(next)).toBe(window.remember(next));
      }),
    );
  });

  it('refuses a file that it did not write', () => {
    expect(() => decodeIdentities('identities/x.bin', Buffer.from('junk'))).toThrow(/identities\/x\.bin/);
  });
});
