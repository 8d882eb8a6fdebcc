// Turns a file of token hashes into who may ask what, and a token that was given into one of them or nobody.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal, Role } from '../../schemas/access.ts';

/** A token is never kept: only its SHA-256, which is of no use to whoever reads the file. */
export interface Token extends Principal {
  readonly hash: Buffer;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const ROLES: Readonly<Record<string, Role>> = { read: 'read', operate: 'operate' };
const NAME = /^[\w.@+-]{1,64}$/;
const HASH = /^[0-9a-f]{64}$/i;
/** What `sha256sum` says of nothing, and of a line end: a variable was empty, or `echo` added something. */
const OF_NOTHING = ['', '\n'].map((text) => hashOf(text).toString('hex'));

/** The problem with a line's parts, after "line 3"; null when there is none. */
const problemOf = (parts: readonly string[]): string | null => {
  const [role, name, hash, ...rest] = parts;
  if (hash === undefined || rest.length > 0) return `has ${parts.length} parts, not three: role, name and SHA-256`;
  if (!Object.hasOwn(ROLES, role)) return `has the role ${JSON.stringify(role)}, which is neither read nor operate`;
  if (!NAME.test(name)) return 'has a name that is not 1 to 64 of letters, digits and . _ @ + -';
  if (!HASH.test(hash)) return 'has no SHA-256: 64 hexadecimal digits (the token itself does not belong here)';
  return OF_NOTHING.includes(hash.toLowerCase()) ? 'has the SHA-256 of an empty token' : null;
};

/**
 * One token a line: `role name sha256hex`, with blanks between; blank lines and those that begin with # are none. A name
 * may stand there more than once, so that a token can be changed while the old one still holds. Every problem is told,
 * none of them repeats a hash or what may be a token.
 */
export const parseTokens = (
  text: string,
): { readonly tokens: readonly Token[]; readonly problems: readonly string[] } => {
  const tokens: Token[] = [];
  const problems: string[] = [];
  const lines = new Map<string, number>(); // by hash
  for (const [i, line] of text.split('\n').entries()) {
    const parts = line.trim().split(/\s+/);
    if (parts[0] === '' || parts[0].startsWith('#')) continue;
    const [role, name, hex = ''] = parts;
    const before = lines.get(hex.toLowerCase());
    const problem = problemOf(parts) ?? (before === undefined ? null : `has the token of line ${before}`);
    if (problem !== null) problems.push(`line ${i + 1} ${problem}`);
    else tokens.push({ role: ROLES[role], name, hash: Buffer.from(hex, 'hex') });
    lines.set(hex.toLowerCase(), i + 1);
  }
  return { tokens, problems };
};

/** Whose token it is. All are compared, in a time that does not depend on how much of one is right. */
export const tokenOwner = (tokens: readonly Token[], token: string): Principal | null => {
  const given = hashOf(token);
  let owner: Principal | null = null;
  for (const { name, role, hash } of tokens) if (timingSafeEqual(hash, given)) owner = { name, role };
  return owner;
};
