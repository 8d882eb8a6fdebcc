// Decides what a server without authentication may listen on and answer: this machine, and no page of another site.
import { VpcflowError } from '../../schemas/errors.ts';

const LOOPBACK_V4 = /^127(?:\.\d{1,3}){3}$/;

/** Whether only this machine can reach a server bound to `host`. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || LOOPBACK_V4.test(host);

/** The name in a Host header, without its port; null when it is none. */
function hostName(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return match === null ? null : (match[1] ?? match[2]).toLowerCase();
}

/**
 * A name that resolves to loopback but is not one of its names is DNS rebinding; an Origin that is not the server
 * itself is another site's page. Throws VF_FORBIDDEN_HOST.
 */
export function checkOrigin(headers: {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}): void {
  const name = hostName(headers.host);
  if (name === null || !isLoopback(name)) {
    throw new VpcflowError(
      'VF_FORBIDDEN_HOST',
      `this server does not answer for the host ${JSON.stringify(headers.host)}`,
    );
  }
  if (headers.origin !== undefined && headers.origin.toLowerCase() !== `http://${headers.host?.toLowerCase()}`) {
    throw new VpcflowError(
      'VF_FORBIDDEN_HOST',
      `this server does not answer pages of ${JSON.stringify(headers.origin)}`,
    );
  }
}
