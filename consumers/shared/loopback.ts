// Decides what a server without authentication may listen on and answer: this machine, and no page of another site.
import { isIPv4 } from 'node:net';
import { VpcflowError } from '../../schemas/errors.ts';

/** Whether only this machine can reach a server bound to `host`. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** The name in a Host header, without its port; null when it is none. */
function hostName(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return match === null ? null : (match[1] ?? match[2]).toLowerCase();
}

const foreignPage = (origin: string): VpcflowError =>
  new VpcflowError('VF_FORBIDDEN_HOST', `this server does not answer pages of ${JSON.stringify(origin)}`);

/**
 * A name that resolves to loopback but is not one of its names is DNS rebinding; an Origin that is not the server
 * itself is another site's page. Throws VF_FORBIDDEN_HOST.
 */
export function checkOrigin(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  scheme: 'http' | 'https' = 'http',
): void {
  const name = hostName(headers.host);
  if (name === null || !isLoopback(name)) {
    const what =
      headers.host === undefined ? 'requests that name no host' : `for the host ${JSON.stringify(headers.host)}`;
    throw new VpcflowError('VF_FORBIDDEN_HOST', `this server does not answer ${what}`);
  }
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `${scheme}://${headers.host?.toLowerCase()}`) {
    throw foreignPage(origin);
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * What a server that knows who asks has to refuse: a proxy adds the user to whatever the user's browser sends, so that
 * a page of another site could have something done in the user's name. Its names are not known here, as a proxy may
 * change the Host: the browser itself says where a request comes from, and one that says nothing is no browser.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site. Throws VF_FORBIDDEN_HOST.
 */
export function checkCrossSite(
  method: string,
  headers: {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly 'sec-fetch-site'?: string | string[] | undefined;
  },
): void {
  if (SAFE_METHODS.has(method)) return;
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && (origin === undefined || URL.parse(origin)?.host === host?.toLowerCase())) return;
  throw foreignPage(origin ?? 'another site');
}
