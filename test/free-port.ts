// Chooses ports for programs that must be told theirs before they listen.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that a system gives to outgoing connections: one of these is not taken while its program still starts. */
const PORTS = { first: 20_000, count: 12_000 };

/** A loopback port that nobody listens on at the moment. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    const free = await listening;
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
};
