// The name that was meant is found among the known ones, and none where nothing is near.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, nearest } from '../../pipeline/nearest.ts';

const NAMES = ['srcaddr', 'dstaddr', 'srcport', 'dstport', 'REJECT', 'own-networks', 'pkt_src_aws_service'];

test.each([
  ['srcadr', 'srcaddr'],
  ['dstprot', 'dstport'], // neighbours changed places
  ['SRCADDR', 'srcaddr'],
  ['rejected', 'REJECT'],
  ['own_networks', 'own-networks'],
  ['pkt', 'pkt_src_aws_service'],
  ['rej', 'REJECT'], // begins so, in any case
  ['own', 'own-networks'],
])('%s means %s', (written, meant) => {
  expect(nearest(written, NAMES)).toBe(meant);
});

test.each(['', 'x', 'colour', 'pk', 'src'.repeat(20)])('%j means nothing', (written) => {
  expect(nearest(written, NAMES)).toBeNull();
  expect(didYouMean(written, NAMES)).toBe('');
});

test('the nearest of several is meant', () => {
  expect(nearest('srcpart', ['srcaddr', 'srcport', 'dstport'])).toBe('srcport');
  expect(didYouMean('srcpart', NAMES)).toBe('did you mean srcport?');
});

test('a name with one letter wrong is always found, and is itself when it is right', () => {
  const name = fc.constantFrom('srcaddr', 'interface', 'overlapping', 'lateness');
  fc.assert(
    fc.property(name, fc.nat(), fc.constantFrom('x', 'q', 'z'), (right, place, letter) => {
      const at = place % right.length;
      const names = ['srcaddr', 'interface', 'overlapping', 'lateness'];
      expect(nearest(right, names)).toBe(right);
      for (const wrong of [
        right.slice(0, at) + right.slice(at + 1),
        `${right.slice(0, at)}${letter}${right.slice(at)}`,
        `${right.slice(0, at)}${letter}${right.slice(at + 1)}`,
      ]) {
        expect(nearest(wrong, names)).toBe(right);
      }
    }),
  );
});
