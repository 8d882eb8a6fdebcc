// Has a server listen where it was told to, and says why it cannot, in the words of its options.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VpcflowError } from '../../schemas/errors.ts';
import { isLoopback } from './loopback.ts';
import { systemCode } from './store/failure.ts';

export interface ListenPlace {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The options that say them; the host may be nobody's choice. */
  readonly named: { readonly host: '--host' | null; readonly port: '--port' | '--metrics-port' };
}

/** What listens, by whatever makes it do so. Rejects with VF_PORT_IN_USE, or VF_BIND_REFUSED for other reasons. */
export async function listenBy({ host, port, named }: ListenPlace, listen: () => Promise<unknown>): Promise<void> {
  try {
    await listen();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EADDRINUSE') {
      const help = `choose another with ${named.port}, or stop what listens there`;
      throw new VpcflowError('VF_PORT_IN_USE', `port ${port} of ${host} is taken`, { cause, help });
    }
    const address = named.host === null ? '' : `an address of this host with ${named.host}, and `;
    const help = `give ${address}a port above 1023 with ${named.port}`;
    const message = `cannot listen on ${host}, port ${port}: ${code ?? cause}`;
    throw new VpcflowError('VF_BIND_REFUSED', message, { cause, help });
  }
}

/** Rejects as `listenBy` does. */
export const listenOn = (server: Server, place: ListenPlace): Promise<void> =>
  listenBy(place, async () => {
    server.listen(place.port, place.host);
    await once(server, 'listening');
  });

/** Where a server that listens is asked: `http://127.0.0.1:8080`, without a slash at its end. */
export function urlOf(server: Server, host: string, scheme: 'http' | 'https' = 'http'): string {
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Throws VF_BIND_REFUSED, with what to do, for what others can reach while nobody asks who they are. */
export function checkBinding(host: string, isAsked: boolean, help: string): void {
  if (isAsked || isLoopback(host)) return;
  const message = `${host} can be reached from elsewhere, and there is no authentication`;
  throw new VpcflowError('VF_BIND_REFUSED', message, { help });
}

/** What a server says when it is told to stop; `drain`: for how long it still takes requests, ms. */
export const drainSentence = (drain: number): string =>
  `not ready any more; ${drain === 0 ? 'no more requests are taken' : `requests are taken for ${drain / 1000} s`}`;
