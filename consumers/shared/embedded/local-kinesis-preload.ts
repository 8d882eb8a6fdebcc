// Turns kinesis-local, which listens on every interface of the machine, into a server on loopback that ends with its parent.

/** What stands for the ports in the environment of kinesis-local; the preload replaces them by free ones. */
export const PLAIN_PORT_PLACEHOLDER = 1;
export const TLS_PORT_PLACEHOLDER = 2;

/** What the preload tells the parent when a server listens. */
export interface PortMessage {
  readonly placeholder: number;
  readonly port: number;
}

// Runs in the child before kinesis-local does. A text rather than a file: it then works from the sources and from a
// bundle alike. Ports are chosen by the system at the moment of listening, so that two starts never race for one.
// When the parent is gone, however it went (kill -9 included), the channel to it closes, and the child saves and ends.
const PRELOAD = `
import net from 'node:net';
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...rest) {
  const placeholder = typeof first === 'object' && first !== null ? first.port : Number(first);
  const listening = rest.find((argument) => typeof argument === 'function');
  this.once('listening', () => process.send?.({ placeholder, port: this.address().port }));
  return listen.call(this, { host: '127.0.0.1', port: 0 }, listening);
};
process.on('disconnect', () => {
  setTimeout(() => process.exit(1), 5000).unref();
  process.kill(process.pid, 'SIGTERM');
});
`;

/** For `node --import`. */
export const PRELOAD_URL = `data:text/javascript,${encodeURIComponent(PRELOAD)}`;
