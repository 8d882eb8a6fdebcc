// A file of token hashes: what is read, every problem with its line, and whose token it is.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseTokens, tokenOwner } from '../../../pipeline/access/tokens.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

test('comments, blank lines, blanks and either case; a name may have two tokens', () => {
  const text = `# who may ask\n\n  read alice ${sha('a')}\r\nread\talice\t${sha('b').toUpperCase()}\n operate bob@x.org ${sha('c')}\n# end`;
  const { tokens, problems } = parseTokens(text);
  expect(problems).toEqual([]);
  expect(['a', 'b', 'c', 'd', ''].map((token) => tokenOwner(tokens, token))).toEqual([
    { name: 'alice', role: 'read' },
    { name: 'alice', role: 'read' },
    { name: 'bob@x.org', role: 'operate' },
    null,
    null,
  ]);
});

test('every problem is told with its line, and none repeats what may be a token', () => {
  const lines = [
    'read alice',
    `read alice ${sha('a')} more`,
    `admin alice ${sha('a')}`,
    `__proto__ alice ${sha('b')}`,
    `read al:ice ${sha('c')}`,
    'read alice my-secret-token',
    `read alice ${sha('')}`,
    `read alice ${sha('\n')}`,
    `read alice ${sha('d')}`,
    `operate bob ${sha('d')}`,
  ];
  const { tokens, problems } = parseTokens(lines.join('\n'));
  expect(tokens.map(({ name }) => name)).toEqual(['alice']);
  expect(problems).toEqual([
    'line 1 has 2 parts, not three: role, name and SHA-256',
    'line 2 has 4 parts, not three: role, name and SHA-256',
    'line 3 has the role "admin", which is neither read nor operate',
    'line 4 has the role "__proto__", which is neither read nor operate',
    'line 5 has a name that is not 1 to 64 of letters, digits and . _ @ + -',
    'line 6 has no SHA-256: 64 hexadecimal digits (the token itself does not belong here)',
    'line 7 has the SHA-256 of an empty token',
    'line 8 has the SHA-256 of an empty token',
    'line 10 has the token of line 9',
  ]);
});
