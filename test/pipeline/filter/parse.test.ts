// The filter grammar: precedence, quoting, and errors that point at the column.
import { describe, expect, test } from 'vitest';
import { FILTER_NAMES } from '../../../pipeline/filter/columns.ts';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { type Filter, parseFilter } from '../../../pipeline/filter/parse.ts';
import { DIGEST_COLUMNS } from '../../../schemas/columns.ts';

/** The tree written back with all parentheses. */
const shown = (filter: Filter | null): string => {
  if (filter === null) return '';
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.parts.map(shown).join(` ${filter.kind} `)})`;
    case 'not':
      return `not ${shown(filter.part)}`;
    case 'comparison':
      return `${filter.name} ${filter.operator} ${filter.values.map((v) => (v.quoted ? JSON.stringify(v.text) : v.text)).join(',')}`;
  }
};

test.each([
  ['', ''],
  ['  \n', ''],
  ['dstport = 443', 'dstport = 443'],
  ['dstport=443', 'dstport = 443'],
  ['dstport!=443and bytes>=1MB', null],
  ['a = 1 or b = 2 and c = 3', '(a = 1 or (b = 2 and c = 3))'],
  ['(a = 1 or b = 2) and c = 3', '((a = 1 or b = 2) and c = 3)'],
  ['not a = 1 and b = 2', '(not a = 1 and b = 2)'],
  ['NOT not (a = 1 AND b = 2)', 'not not (a = 1 and b = 2)'],
  ['((a = 1))', 'a = 1'],
  [
    'srcaddr in 10.0.0.0/8 and dstport = 443 and not action = REJECT',
    '(srcaddr in 10.0.0.0/8 and dstport = 443 and not action = REJECT)',
  ],
  ['dstport in (80, 443)', 'dstport in 80,443'],
  ['interface_id ~ "eni-0a"', 'interface_id ~ "eni-0a"'],
  ['a = "and"', 'a = "and"'],
  [String.raw`a = 'it\'s \\ "x"'`, String.raw`a = "it's \\ \"x\""`],
  ['minute >= 2026-11-20T14:05:00Z', 'minute >= 2026-11-20T14:05:00Z'],
  ['srcaddr in 2001:db8::/32', 'srcaddr in 2001:db8::/32'],
])('%s', (text, tree) => {
  if (tree === null) expect(() => parseFilter(text)).toThrow();
  else expect(shown(parseFilter(text))).toBe(tree);
});

describe('errors point at the column', () => {
  test.each([
    ['dstport', 8, 'expected one of = != < <= > >= ~ in, found the end'],
    ['dstport =', 10, 'expected a value, found the end'],
    ['dstport = = 443', 11, 'expected a value, found "="'],
    ['dstport = 443 bytes > 1', 15, 'expected and, or, or the end, found "bytes"'],
    ['dstport = 443 and', 18, 'expected the name of a column, found the end'],
    ['(dstport = 443', 15, 'expected a closing parenthesis, found the end'],
    ['dstport in (443', 16, 'expected a comma or a closing parenthesis'],
    ['dstport in ()', 13, 'expected a value'],
    ['dstport = 443)', 14, 'found ")"'],
    ['= 443', 1, 'expected the name of a column'],
    ['action = "ACCEPT', 10, 'the quote " is not closed'],
    ['action ! ACCEPT', 8, '"!" means nothing here'],
    ['é = 1', 1, 'there is no column "é"'],
    ['action = "é" and nothing = 1', 18, 'there is no column "nothing"'],
    ['dstport = htps', 11, '"htps" is no port'],
    ['dstport = 1KB', 11, '"1KB" is no port'],
    ['dstport = 65536', 11, '"65536" is no port'],
    ['dstport in (ssh, -1)', 18, '"-1" is no port'],
    ['protocol = 256', 12, '"256" is no protocol'],
    ['protocol in (tcp, quic)', 19, '"quic" is no protocol'],
    ['action = REJECTED', 10, '"REJECTED" is no action'],
    ['action in (accept, allow)', 20, '"allow" is no action'],
    ['flow_direction != inbound', 19, '"inbound" is no flow_direction'],
    ['type = IPv5', 8, '"IPv5" is no type'],
    ['tcp_flags = SYN', 13, '"SYN" is no whole number'],
    ['tcp_flags = 1KB', 13, '"1KB" is no whole number'],
    ['bytes > 1M', 9, '"1M" is no whole number'],
    ['start > soon', 9, '"soon" is no time'],
    ['minute ~ 2026', 8, '~ does not fit minute'],
    ['protocol ~ tcp', 10, '~ does not fit protocol'],
    ['dstport = 443 and\u0000action = REJECT', 18, '"\\u0000" means nothing here'],
    ['action = "a\u0000b"', 10, 'a text has no NUL'],
    ['action = \ud83d', 10, 'means nothing here'],
    ['action = "\ud83d"', 10, 'no half of a surrogate pair'],
    ["action = 'it\\'s", 10, "the quote ' is not closed"],
    [`action = "${'x'.repeat(1_000_000)}"`, 262_145, 'at most 262144 characters'],
    [`dstport = ${'9'.repeat(100_000)}`, 11, 'is no port'],
    [`${'x'.repeat(100_000)} = 1`, 1, 'there is no column "xxx'],
    ['bytes > 1.0001KB', 9, 'is no whole number'],
    ['bytes > 10000000TB', 9, 'is no whole number'],
    ['bytes > -', 9, 'is no whole number'],
    ['dstport ~ 4', 9, '~ does not fit dstport'],
    ['srcaddr < 10.0.0.1', 9, '< does not fit srcaddr'],
    ['srcaddr = 10.0.0.0/8', 11, 'is no address'],
    ['srcaddr = 10.0.0.256', 11, 'is no address'],
    ['srcaddr in 10.0.0.0/33', 12, 'is no network'],
    ['srcaddr in (10.0.0.0/8, ten)', 25, 'is no network'],
    ['minute > yesterday', 10, 'is no time'],
    ['dstport in (1, null)', 16, 'null cannot be compared with in'],
    ['dstport > null', 11, 'null cannot be compared with >'],
    [`${'('.repeat(65)}a = 1${')'.repeat(65)}`, 65, 'nested more than 64 deep'],
    [`${'not '.repeat(65)}a = 1`, 257, 'nested more than 64 deep'],
  ])('%.40s', (text, column, what) => {
    const error = { code: 'VF_BAD_FILTER', message: expect.stringContaining(what) };
    expect(() => compileFilter(text, 0)).toThrow(expect.objectContaining(error));
    expect(() => compileFilter(text, 0)).toThrow(`filter, column ${column}: `);
  });
});

test.each([
  ['dstprot = 443', 'did you mean dstport?'],
  ['src_addr = 10.0.0.1', 'did you mean srcaddr?'],
  ['interface-id ~ eni', 'did you mean interface_id?'],
  ['proto = tcp', 'did you mean protocol?'],
  ['dstport = htps', 'did you mean https? Else give a number from 0 to 65535 or a name: 443 or https'],
  ['protocol = tpc', 'did you mean tcp? Else give a number from 0 to 255 or a name: 6 or tcp'],
  ['dstport ~ 4', 'dstport is compared with one of = != in < <= > >='],
  ['xyzzy = 1', expect.stringContaining('the columns are addr, port, minute, account_id')],
])('help with %s', (text, help) => {
  expect(() => compileFilter(text, 0)).toThrow(expect.objectContaining({ help }));
});

test('a message is short whatever was written', () => {
  for (const text of [
    `${'x'.repeat(200_000)} = 1`,
    `bytes = ${'9'.repeat(200_000)}`,
    `(a = ${'y'.repeat(200_000)} x`,
  ]) {
    expect(() => compileFilter(text, 0)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,150}$/) }),
    );
  }
});

test('64 levels are not too deep', () => {
  expect(compileFilter(`${'('.repeat(64)}dstport = 1${')'.repeat(64)}`, 0)?.parameters).toEqual([1n]);
});

test('every column of the digest can be named, and what is written is only ever a parameter', () => {
  for (const { name } of DIGEST_COLUMNS) expect(FILTER_NAMES).toContain(name);
  const condition = compileFilter(`action = "'; DROP TABLE digest; --" and instance_tag ~ '%_'`, 0);
  expect(condition?.parameters).toEqual(["'; DROP TABLE digest; --", '%_']);
  expect(condition?.sql).not.toContain('DROP');
});

test.each([
  ['bytes > 1MB', 1_000_000n],
  ['bytes > 1MiB', 1_048_576n],
  ['bytes > 1.5kb', 1500n],
  ['bytes > 0.5KiB', 512n],
  ['packets > 2GB', 2_000_000_000n],
  ['bytes > 9223372036854775807', 9_223_372_036_854_775_807n],
  ['start >= 2026-11-20T05:00:00Z', 1_795_150_800n],
  ['start >= 1795150800', 1_795_150_800n],
  ['minute >= 2026-11-20T05:00:00Z', 1_795_150_800_000_000n],
  ['minute >= now-1h', 1_795_147_200_000_000n],
  ['srcaddr = 2001:DB8:0:0::1', '2001:db8::1'],
  ['account_id = 012345678901', '012345678901'],
  ['protocol = tcp', 6n],
  ['protocol != "ICMPv6"', 58n],
  ['protocol > 254', 255n - 1n],
  ['port = https', 443n],
  ['dstport = "Domain"', 53n],
  ['tcp_flags = 18', 18n],
  ['packets > 500B', 500n],
  ['action = reject', 'REJECT'],
  ['action = "reject"', 'reject'],
  ['action = "REJECTED"', 'REJECTED'],
  ['action ~ REJ', 'REJ'],
  ['reject_reason = XX', 'XX'],
  ['sublocation_type = moon', 'moon'],
  ['flow_direction = Egress', 'egress'],
])('%s compares with %s', (text, parameter) => {
  expect(new Set(compileFilter(text, Date.parse('2026-11-20T05:00:00Z'))?.parameters)).toEqual(new Set([parameter]));
});
