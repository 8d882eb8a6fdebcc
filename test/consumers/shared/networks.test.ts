// Whether an address lies in one of a few networks, as a socket tells the address.
import { expect, test } from 'vitest';
import { networkList, plainAddress } from '../../../consumers/shared/networks.ts';

test.each([
  ['10.255.0.1', true],
  ['::ffff:10.255.0.1', true],
  ['11.0.0.1', false],
  ['192.168.7.9', true],
  ['192.168.7.10', false],
  ['fd00::1', true],
  ['fe80::1%eth0', true],
  ['2001:db8::1', false],
  ['', false],
  ['localhost', false],
])('%s: %s', (address, expected) => {
  const isInside = networkList(['10.0.0.0/8', '192.168.7.9/32', 'fd00::/8', 'fe80::/10'], 'trusted-proxy');
  expect(isInside(address)).toBe(expected);
});

test('every one that is none is named', () => {
  const wrong = [
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '10.0.0.0',
    '10.0.0.0/8/8',
    'x/8',
    '10.0.0.1/8',
    '10.0.0.129/24',
    'fd00::1/64',
    '0.0.0.1/0',
  ];
  expect(() => networkList(['10.0.0.0/8', ...wrong], 'trusted-proxy')).toThrow(
    expect.objectContaining({ code: 'VF_USAGE', message: `--trusted-proxy: ${wrong.join(', ')} is no network` }),
  );
});

test('the bits behind the prefix are those of an address', () => {
  const right = ['0.0.0.0/0', '::/0', '10.0.0.1/32', '10.0.0.128/25', 'fd00::1/128', '2001:db8:8000::/33'];
  expect(() => networkList(right, 'trusted-proxy')).not.toThrow();
});

test('an address is told without its clothes', () => {
  expect(['::FFFF:10.0.0.1', '::1', 'fe80::1%2', '::ffff:0:1'].map(plainAddress)).toEqual([
    '10.0.0.1',
    '::1',
    'fe80::1',
    '::ffff:0:1',
  ]);
});
