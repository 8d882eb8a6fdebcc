// The message with which a part is refused: how much, whose, of which interfaces, and when.
import { expect, test } from 'vitest';
import { labelFeed, streamFeed } from '../../../pipeline/overlap/feed.ts';
import { openSentence, overlapSentence } from '../../../pipeline/overlap/sentence.ts';

const at = Date.UTC(2026, 10, 20, 5) / 1000;
const FACTS = {
  ...{ name: 's3://logs/a.gz', part: 0, firstLine: 0, overlapping: 12_345, lines: 20_000 },
  skip: [
    { account: 'a', interface: null, runs: [[at + 600, 3]] as const },
    {
      account: 'a',
      interface: 'eni-1',
      runs: [
        [at, 1],
        [at + 7200, 2],
      ] as const,
    },
  ],
  feeds: [streamFeed('123456789012.eu-west-1.flows')],
};

test('a few are named', () => {
  expect(overlapSentence(FACTS)).toBe(
    's3://logs/a.gz: 12,345 of 20,000 lines are of interfaces and minutes that stream 123456789012.eu-west-1.flows has, too ' +
      '(-, eni-1; 2026-11-20T05:00:00Z to 2026-11-20T07:02:00Z)',
  );
  expect(openSentence(FACTS)).toBe(`${overlapSentence(FACTS)}, in what was claimed and is not committed yet`);
});

test('many are counted, each interface once, and a later part says where it begins', () => {
  const skip = ['1', '2', '3', '4', '5', '5'].map((n, i) => ({
    ...{ account: String(i), interface: `eni-${n}` },
    runs: [[at, 1]] as const,
  }));
  expect(
    overlapSentence({ ...FACTS, part: 2, firstLine: 2_000_000, skip, feeds: [labelFeed('x'), labelFeed('y')] }),
  ).toBe(
    's3://logs/a.gz from line 2,000,001 on (what is before it is in the store): 12,345 of 20,000 lines are of ' +
      'interfaces and minutes that feed "x", feed "y" have, too (eni-1, eni-2, eni-3 and 2 more; ' +
      '2026-11-20T05:00:00Z to 2026-11-20T05:01:00Z)',
  );
});

test('one line is no "1 of 1 lines"', () => {
  const one = { ...FACTS, overlapping: 1, feeds: [labelFeed('weekly')] };
  expect(overlapSentence({ ...one, lines: 1 })).toContain(
    ': its only line is of an interface and minute that feed "weekly" has, too',
  );
  expect(overlapSentence({ ...one, lines: 3 })).toContain(': 1 of 3 lines is of an interface and minute that');
});

test('a label is never the feed of a stream', () => {
  const id = '123456789012.eu-west-1.flows';
  const feeds = [labelFeed(id), streamFeed(id), labelFeed(`stream ${id}`), labelFeed(streamFeed(id))];
  expect(feeds.slice(0, 1).concat(feeds.slice(2))).not.toContain(streamFeed(id));
});
