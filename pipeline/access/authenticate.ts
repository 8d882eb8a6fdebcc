// Decides who asks: by the token of a request, or by what a proxy that is believed says of it.
import type { Principal, Role } from '../../schemas/access.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { type Token, tokenOwner } from './tokens.ts';

export interface AccessRules {
  /** Null: no token is taken. */
  readonly tokens: readonly Token[] | null;
  /** Null: no proxy is believed. */
  readonly proxy: { readonly userHeader: string; readonly operators: readonly string[] } | null;
}

export interface Credentials {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** Every value of the user header. */
  readonly users: readonly string[];
  /** Whether the connection comes from the networks of the proxies. */
  readonly fromProxy: boolean;
}

/** RFC 6750, 2.1. */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;
const LONGEST_USER = 256;

const unauthorized = (message: string, help?: string): VpcflowError =>
  new VpcflowError('VF_UNAUTHORIZED', message, help === undefined ? {} : { help });

/**
 * A token decides where one is sent; else a proxy's word, which nobody but a proxy has. No message says what was sent.
 * Throws VF_UNAUTHORIZED where it is not known who asks, VF_FORBIDDEN for a connection that only a proxy may make.
 */
export const principalOf = ({ tokens, proxy }: AccessRules, given: Credentials): Principal => {
  if (tokens !== null && given.authorization !== undefined) {
    const token = BEARER.exec(given.authorization)?.[1];
    if (token === undefined) throw unauthorized('the Authorization header holds no bearer token');
    const owner = tokenOwner(tokens, token);
    if (owner === null) throw unauthorized('this token is not known here');
    return owner;
  }
  if (proxy !== null && given.fromProxy) return userOf(proxy, given.users);
  if (tokens !== null) throw unauthorized('this server answers only those who send a token');
  throw new VpcflowError('VF_FORBIDDEN', 'this server answers only its proxy', {
    help: 'ask the proxy, or add the network of the proxy to --trusted-proxy',
  });
};

const userOf = ({ userHeader, operators }: NonNullable<AccessRules['proxy']>, users: readonly string[]): Principal => {
  const help = `let the proxy set ${userHeader}, and drop what clients send under that name`;
  if (users.length > 1) throw unauthorized(`the proxy sent ${userHeader} more than once`, help);
  const name = users[0]?.trim() ?? '';
  if (name === '') throw unauthorized(`the proxy named no user in ${userHeader}`, help);
  // Control characters do not come through HTTP; what is longer than this is no name.
  if (name.length > LONGEST_USER) throw unauthorized(`the proxy named a user of ${name.length} characters`, help);
  return { name, role: operators.includes(name) ? 'operate' : 'read' };
};

/** Throws VF_FORBIDDEN for whoever has not the role that a route asks for. */
export const checkRole = (principal: Principal, role: Role): void => {
  if (role === 'read' || principal.role === 'operate') return;
  throw new VpcflowError(
    'VF_FORBIDDEN',
    `${JSON.stringify(principal.name)} has the role read, and this asks for operate`,
  );
};
