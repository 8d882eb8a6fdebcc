// Opens what says who may ask: a file of tokens, proxies that are believed, both, or on loopback neither.
import { readFile } from 'node:fs/promises';
import type { FastifyRequest } from 'fastify';
import { principalOf } from '../../../pipeline/access/authenticate.ts';
import { parseTokens, type Token } from '../../../pipeline/access/tokens.ts';
import type { Principal } from '../../../schemas/access.ts';
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { checkBinding } from '../../shared/listen.ts';
import type { Log } from '../../shared/log.ts';
import { networkList } from '../../shared/networks.ts';
import { OPTIONS } from '../../shared/options.ts';
import { unreadable, WatchedFiles, warnIfOpen } from '../../shared/watched-files.ts';
import type { QueryServerOptions } from './server-options.ts';

export interface Access {
  /** Rejects with VF_UNAUTHORIZED or VF_FORBIDDEN. */
  principal(request: FastifyRequest): Promise<Principal>;
  /** Reads the tokens again. Never rejects. */
  reload(): Promise<void>;
}

type AccessOptions = Pick<QueryServerOptions, 'host' | 'tokenFile' | 'trustedProxies' | 'userHeader' | 'operators'>;

const TOKEN_HELP =
  'give lines of role (read or operate), name and SHA-256 of a token, in a file that this user can read';
const NEEDS_ACCESS =
  'give --token-file, or --trusted-proxy with the networks of a proxy that authenticates, or listen on 127.0.0.1';
const HEADER_NAME = /^[a-z0-9-]{1,64}$/;
/** What says who asks, or decides about the request itself, cannot be what a proxy names a user in. */
const NO_USER_HEADERS = new Set(['authorization', 'host', 'cookie', 'connection', 'origin', 'x-request-id']);

/** Throws VF_BIND_REFUSED for what others can reach while nobody asks who they are. */
export const checkAccess = ({
  host,
  tokenFile,
  trustedProxies,
}: Pick<AccessOptions, 'host' | 'tokenFile' | 'trustedProxies'>): void =>
  checkBinding(host, tokenFile !== null || trustedProxies.length > 0, NEEDS_ACCESS);

/** The tokens of a file. Rejects with VF_SOURCE_UNREADABLE, or VF_USAGE with everything that is wrong in it. */
export async function readTokens(path: string, log: Log): Promise<readonly Token[]> {
  const what = `the token file ${path}`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(what, cause, TOKEN_HELP);
  }
  const { tokens, problems } = parseTokens(text);
  if (problems.length > 0) throw new VpcflowError('VF_USAGE', `${what}: ${problems.join('; ')}`, { help: TOKEN_HELP });
  if (tokens.length === 0) throw new VpcflowError('VF_USAGE', `${what} has no token`, { help: TOKEN_HELP });
  await warnIfOpen(path, log);
  return tokens;
}

/** Whether an address is a proxy's, and what to believe of it; null without any. Throws VF_USAGE. */
export function proxyRules({ trustedProxies, userHeader, operators }: AccessOptions) {
  if (trustedProxies.length === 0) return null;
  const header = userHeader.toLowerCase();
  if (!HEADER_NAME.test(header) || NO_USER_HEADERS.has(header)) {
    throw new VpcflowError('VF_USAGE', `--user-header ${JSON.stringify(header)} cannot be the header of a user`, {
      help: 'give the name of a header that the proxy sets, such as x-forwarded-user',
    });
  }
  return { isProxy: networkList(trustedProxies, OPTIONS.trustedProxy.name), userHeader: header, operators };
}

/** Null where everybody on this machine may ask. Rejects with VF_BIND_REFUSED, VF_SOURCE_UNREADABLE and VF_USAGE. */
export async function openAccess(options: AccessOptions, clock: Clock, log: Log): Promise<Access | null> {
  checkAccess(options);
  const { tokenFile } = options;
  const proxy = proxyRules(options);
  if (tokenFile === null && proxy === null) return null;
  const file = tokenFile === null ? null : await openTokenFile(tokenFile, clock, log);
  return {
    principal: async ({ raw }) =>
      principalOf(
        { tokens: file === null ? null : await file.value(), proxy },
        {
          authorization: raw.headersDistinct.authorization?.join(', '), // of two, Node would take the first
          users: proxy === null ? [] : (raw.headersDistinct[proxy.userHeader] ?? []).map(userText),
          fromProxy: proxy?.isProxy(raw.socket.remoteAddress ?? '') ?? false,
        },
      ),
    reload: async () => file?.reload(),
  };
}

/** What a proxy sends as UTF-8, of which Node.js makes a character of each byte. Throws VF_UNAUTHORIZED for other bytes. */
function userText(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch (cause) {
    throw new VpcflowError('VF_UNAUTHORIZED', 'the proxy named a user in bytes that are no UTF-8', {
      cause,
      help: 'let the proxy send names as UTF-8, as --operators has them',
    });
  }
}

const openTokenFile = (path: string, clock: Clock, log: Log): Promise<WatchedFiles<readonly Token[]>> =>
  WatchedFiles.open(
    {
      ...{ paths: [path], what: 'the tokens', read: () => readTokens(path, log) },
      told: (tokens) => ({ fields: { tokens: tokens.length }, message: 'the tokens were read again' }),
    },
    clock,
    log,
  );
