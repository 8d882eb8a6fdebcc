// Addresses: what is one, and the one text that each has.
import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../../pipeline/address/address.ts';
import { address as reference } from '../../reference/line.ts';

const part = fc.constantFrom(
  '0',
  '0',
  '0',
  '0000',
  '1',
  'DB8',
  '00a',
  'ffff',
  'FFFF',
  '',
  '12345',
  'g',
  '192.0.2.1',
  '192.0.2.01',
);
const looksLikeIPv6 = fc
  .tuple(
    fc.array(part, { maxLength: 9 }),
    fc.constantFrom('', '::', ':'),
    fc.array(part, { maxLength: 9 }),
    fc.constantFrom('', '::'),
  )
  .map(([before, middle, after, end]) => before.join(':') + middle + after.join(':') + end);
const wellFormed = fc
  .tuple(
    fc.array(fc.constantFrom('0', '0', '0', '00', '1', 'a0B', 'fFfF'), { minLength: 8, maxLength: 8 }),
    fc.nat(8),
    fc.nat(8),
    fc.constantFrom(null, '198.51.100.7'),
  )
  .map(([groups, from, length, quad]) => {
    const all = quad === null ? groups : [...groups.slice(0, 6), quad];
    if (length === 0) return all.join(':');
    const stop = Math.min(from + length, 6);
    return from >= stop ? all.join(':') : `${all.slice(0, from).join(':')}::${all.slice(stop).join(':')}`;
  });

describe('canonicalAddress', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // the first of two equal runs
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longer run
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:c000:0201', '::ffff:192.0.2.1'],
    ['::FFFF:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['0:0:0:0:0:0:192.0.2.1', '::c000:201'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.1.1',
    '10.0.0.256',
    '10.0.0.01',
    '010.0.0.1',
    '10.0.0.1 ',
    '0x0a.0.0.1',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1::2::3',
    '1:2:',
    ':1:2:3:4:5:6:7',
    '2001:db8::10000',
    '2001:db8::g',
    'fe80::1%eth0',
    '::192.0.2.256',
    '1:2:3:4:5:6:7:192.0.2.1',
    '::1:2:3:4:5:6:7:192.0.2.1',
    '1::2:3:4:5:6:192.0.2.1',
    '192.0.2.1::',
    'localhost',
  ])('%j is none', (text) => {
    expect(canonicalAddress(text)).toBeNull();
  });

  it('takes what the operating system takes, and writes what the URL standard writes', () => {
    fc.assert(
      fc.property(fc.oneof(looksLikeIPv6, wellFormed, fc.ipV6(), fc.ipV4()), (text) => {
        const valid = isIPv4(text) || (isIPv6(text) && !text.includes('%'));
        expect(canonicalAddress(text)).toBe(valid ? reference(text) : null);
      }),
      { numRuns: 5000 },
    );
  });

  it('is canonical: its own canonical text', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        const canonical = canonicalAddress(text);
        if (canonical !== null) expect(canonicalAddress(canonical)).toBe(canonical);
      }),
    );
  });
});
