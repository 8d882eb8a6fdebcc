// Turns kinesis-local, which listens on every interface of the machine and saves its data in place, into a server on
// loopback that ends with its parent and whose saved data is whole whenever it is killed.

/** What stands for the ports in the environment of kinesis-local; the preload replaces them by free ones. */
export const PLAIN_PORT_PLACEHOLDER = 1;
export const TLS_PORT_PLACEHOLDER = 2;

/** The file in which kinesis-local saves everything. */
export const SNAPSHOT = 'kinesis-data.json';

/** What the preload tells the parent when a server listens. */
export interface PortMessage {
  readonly placeholder: number;
  readonly port: number;
}

// Runs in the child before kinesis-local does. A text rather than a file: it then works from the sources and from a
// bundle alike. Ports are chosen by the system at the moment of listening, so that two starts never race for one.
// When the parent is gone, however it went (kill -9 included), the channel to it closes, and the child ends. A snapshot
// is written under another name and gets its own when it is whole and durable: kinesis-local does not start on a torn one.
const PRELOAD = `
import fs from 'node:fs';
import net from 'node:net';
const createWriteStream = fs.createWriteStream;
fs.createWriteStream = (path, options) => {
  if (!String(path).endsWith('${SNAPSHOT}')) return createWriteStream(path, options);
  const stream = createWriteStream(path + '.new', { ...options, flush: true });
  const emit = stream.emit;
  let finished = false;
  stream.emit = (event, ...rest) => {
    if (event === 'finish') finished = true;
    if (event === 'close' && finished) fs.renameSync(path + '.new', path);
    return emit.call(stream, event, ...rest);
  };
  return stream;
};
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
