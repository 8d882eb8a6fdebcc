// What may be given for a label: any name but those that streams have.
import { expect, test } from 'vitest';
import { OPTIONS } from '../../../consumers/shared/options.ts';

test.each(['weekly', 'old bucket', '123456789012', '12.eu-west-1.flows', 'a.123456789012.eu-west-1.flows'])(
  '%s names a feed',
  (given) => {
    expect(OPTIONS.feed.parse(given)).toEqual({ value: given });
  },
);

test.each(['123456789012.us-east-1.flows', '000000000000.us-gov-west-1.a.b'])('%s is a stream', (given) => {
  expect(OPTIONS.feed.parse(given)).toEqual({ problem: expect.stringContaining('the id of a stream') });
});

test.each(['', ' a', 'a\u0007', 'é'.repeat(65)])('%j is no name at all', (given) => {
  expect(OPTIONS.feed.parse(given)).toEqual({ problem: expect.stringContaining('1 to 128 bytes') });
});
