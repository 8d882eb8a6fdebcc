// What is proposed at the cursor (written as |), and that every proposal can stand where it is proposed.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FILTER_NAMES } from '../../../pipeline/filter/columns.ts';
import { type Completion, completeFilter } from '../../../pipeline/filter/complete.ts';
import { model, written } from '../../reference/filter-model.ts';

function at(marked: string): Completion & { readonly texts: readonly string[] } {
  const cursor = marked.indexOf('|');
  const completion = completeFilter(marked.replace('|', ''), cursor, 0);
  return { ...completion, texts: completion.items.map(({ text }) => text) };
}

describe('what can stand there', () => {
  test.each([
    ['|', 0, 0, [...FILTER_NAMES, 'not', '(']],
    ['not |', 4, 4, [...FILTER_NAMES, 'not', '(']],
    ['dstp|', 0, 4, ['dstport']],
    ['DSTP|', 0, 4, ['dstport']],
    ['ds|tport = 1', 0, 7, expect.arrayContaining(['dstport', 'dstaddr'])],
    ['dstport |', 8, 8, ['=', '!=', 'in', '<', '<=', '>', '>=']],
    ['srcaddr |', 8, 8, ['=', '!=', 'in', '~']],
    ['srcaddr !|', 8, 9, ['!=']],
    ['port = https|', 7, 12, ['https', 'https-alt', 'pcsync-https']],
    ['port in (ssh, htt|p, 1)', 14, 18, ['http', 'https', 'http-alt', 'https-alt', 'pcsync-https']],
    ['protocol = ic|', 11, 13, ['icmp', 'icmpv6', 'icmp6', 'ipv6-icmp']],
    ['action = |', 9, 9, ['ACCEPT', 'REJECT', 'null']],
    ['action in |', 10, 10, ['(', 'ACCEPT', 'REJECT']],
    ['action = "re|', 9, 12, ['REJECT']],
    ["action = 're|ject' and dstport = 1", 9, 17, ['REJECT']],
    ['flow_direction != |', 18, 18, ['ingress', 'egress', 'null']],
    ['bytes > 1M|', 8, 10, ['1MB', '1MiB']],
    ['minute >= |', 10, 10, ['now-15m', 'now-1h', 'now-1d']],
    ['interface_id ~ |', 15, 15, []],
    ['dstport = 443 |', 14, 14, ['and', 'or']],
    ['dstport = 443 a|', 14, 15, ['and']],
    ['(dstport = 443 |', 15, 15, ['and', 'or', ')']],
    ['dstport in (443 |', 16, 16, [',', ')']],
    ['dstport = 443 | and action = ACCEPT', 14, 14, ['and', 'or']],
    ['x = |', 4, 4, []],
    ['= 4 |', 4, 4, []],
    ['a\0 |', 3, 3, []],
  ])('%s', (marked, from, to, texts) => {
    expect(at(marked)).toMatchObject({ from, to, texts });
  });
});

test('a proposal says what it is', () => {
  const [dstport] = at('dstport|').items;
  const about = 'destination port; 0 where it was ephemeral';
  expect(dstport).toEqual({ text: 'dstport', kind: 'column', type: 'port', about });
  expect(at('port = postgresql|').items).toEqual([
    { text: 'postgresql', kind: 'value', type: null, about: 'port 5432, postgres' },
  ]);
});

test('the error of the whole text has its place in characters and in UTF-16 units', () => {
  const text = 'instance_tag = "😀" and dstport = htps';
  const message = 'filter, column 34: "htps" is no port';
  expect(completeFilter(text, 0, 0)).toMatchObject({
    error: {
      position: text.indexOf('htps'),
      column: 34,
      message,
      help: expect.stringContaining('did you mean https?'),
    },
    tidy: null,
  });
  expect(completeFilter(' PORT=22 AND(not action = reject)', 0, 0)).toMatchObject({
    error: null,
    tidy: 'PORT = 22 and not action = reject',
  });
});

test('a cursor outside the text stands at its end', () => {
  expect(completeFilter('dstp', 99, 0)).toEqual(completeFilter('dstp', 4, 0));
});

test('every proposal can stand where it is proposed: no error lies before its end', () => {
  fc.assert(
    fc.property(model, fc.nat(), fc.nat(), (filter, place, which) => {
      const text = written(filter);
      const cursor = place % (text.length + 1);
      const { from, to, items } = completeFilter(text, cursor, 0);
      expect(from).toBeLessThanOrEqual(cursor);
      expect(to).toBeGreaterThanOrEqual(cursor);
      if (items.length === 0) return;
      const proposal = items[which % items.length].text;
      const put = `${text.slice(0, from)} ${proposal} `;
      const { error } = completeFilter(put, put.length, 0);
      // What is missing is missing at the end.
      expect(error === null || error.position >= put.trimEnd().length, `${put}: ${error?.message}`).toBe(true);
    }),
    { numRuns: 300 },
  );
});
