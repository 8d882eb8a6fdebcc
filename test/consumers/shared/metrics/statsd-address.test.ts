// `--statsd` and `--statsd-tags`: what they may be, and the sentence for what they may not.
import { describe, expect, test } from 'vitest';
import { parseStatsdAddress, parseStatsdTags } from '../../../../consumers/shared/metrics/statsd-address.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';

const problem = (parse: () => unknown): string => {
  try {
    return `gave ${JSON.stringify(parse())}`;
  } catch (error) {
    return error instanceof VpcflowError ? error.sentence : String(error);
  }
};

describe('--statsd', () => {
  test.each([
    ['localhost:9125', { host: 'localhost', port: 9125 }],
    ['statsd.monitoring', { host: 'statsd.monitoring', port: 8125 }],
    ['10.0.0.7:1', { host: '10.0.0.7', port: 1 }],
    ['[::1]:8126', { host: '::1', port: 8126 }],
    ['[fe80::1%eth0]', { host: 'fe80::1%eth0', port: 8125 }],
    ['dd_agent:65535', { host: 'dd_agent', port: 65_535 }],
  ])('%s', (text, address) => {
    expect(parseStatsdAddress(text)).toEqual(address);
  });

  test.each(['', ':8125', 'host:', 'host:0', 'host:65536', '::1', '::1:8125', '[::1', 'udp://host:1', 'a b', '-x'])(
    'refuses %j',
    (text) => {
      expect(problem(() => parseStatsdAddress(text))).toBe(
        `--statsd ${JSON.stringify(text)} is no address of a server; ` +
          'give HOST:PORT, such as localhost:8125 or [::1]:8125 (VF_USAGE)',
      );
    },
  );
});

describe('--statsd-tags', () => {
  test('are sent as they are given', () => {
    expect(parseStatsdTags(['env:prod', 'canary', 'url:http://x/y'])).toEqual(['env:prod', 'canary', 'url:http://x/y']);
  });

  test('that would end early on the wire are refused, all at once', () => {
    expect(problem(() => parseStatsdTags(['env:prod', 'a|b', 'c d', '1st:x', '#']))).toBe(
      '--statsd-tags has "a|b", "c d", "1st:x", "#"; ' +
        'give tags such as env:prod, which begin with a letter and hold no space, comma, | or # (VF_USAGE)',
    );
  });

  test('that leave no room for a line in a packet are refused', () => {
    expect(problem(() => parseStatsdTags(['x'.repeat(601)]))).toContain('has 601 bytes, more than 600');
  });
});
