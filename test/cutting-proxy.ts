// A TCP proxy that hands requests on to a server and, when told so, cuts the connection before the answer comes back.
import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly endpoint: string;
  /** How many of the next answers are swallowed, their requests having been carried out: whole, or all but a beginning. */
  cut(answers: number, what?: 'whole' | 'rest'): void;
  /** How many answers have been swallowed. */
  readonly swallowed: number;
  stop(): Promise<void>;
}

/** Forwards to `port` on the loopback. `onCut` runs after a request was carried out and before its client learns nothing. */
export const startCuttingProxy = async (port: number, onCut?: () => Promise<void>): Promise<CuttingProxy> => {
  let remaining = 0;
  let swallowed = 0;
  let begin = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      socket.on('error', () => undefined); // a cut connection is what this is for
    }
    client.pipe(upstream);
    upstream.on('data', (answer) => {
      // `100 Continue` asks for the body and is no answer to the request.
      if (remaining > 0 && !answer.toString('latin1').startsWith('HTTP/1.1 100')) {
        remaining--;
        swallowed++;
        upstream.pause();
        void Promise.resolve(onCut?.()).then(() => {
          if (begin) client.write(answer, () => client.destroy());
          else client.destroy();
        });
        return;
      }
      client.write(answer);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    cut: (answers, what = 'whole') => {
      remaining = answers;
      begin = what === 'rest';
    },
    get swallowed() {
      return swallowed;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
