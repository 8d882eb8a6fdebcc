// Turns the connections of child processes into the worker's log and metrics, and tells when one ends, and how.
import { createServer, type Socket } from 'node:net';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Log } from '../log.ts';
import { applyUpdate } from '../metrics/apply-update.ts';
import { splitLines } from './lines.ts';
import { type LinkMessage, parseLinkLine } from './link-messages.ts';

/** A child bounds what it sends; this is the bound of what is taken from one that does not. */
const LONGEST_LINE = 8 * 1024 * 1024; // bytes

/** A child that closed its link without saying `end`: it failed, or was killed, or crashed. */
export interface ChildDeath {
  readonly pid: number | null;
  readonly shard: string | null;
  /** What it said it would die of; null when it did not come to it. */
  readonly failure: VpcflowError | null;
}

export interface LinkServerOptions {
  /** Of the unix socket. */
  readonly path: string;
  readonly meter: Meter;
  readonly log: Log;
  readonly onDeath: (death: ChildDeath) => void;
  /** A child that had this shard has ended as it should. */
  readonly onEnd: (shard: string) => void;
  /** The number of children that are connected has changed. */
  readonly onCount: (children: number) => void;
}

export interface LinkServer {
  /** Takes no more, and closes what is open: children that live on end when they see it. */
  close(): Promise<void>;
}

/** Listens. Rejects with VF_ENGINE when it cannot. */
export const openLinkServer = async (options: LinkServerOptions): Promise<LinkServer> => {
  const links = new Set<Link>();
  let closed = false;
  const counted = (): void => {
    options.meter.set('children', links.size, {});
    options.onCount(links.size);
  };
  const server = createServer((socket) => {
    const link = new Link(socket, options, () => {
      links.delete(link);
      // Its gauges would go on to tell of it; a child that took the shard over in between has its own.
      if (link.shard !== null && ![...links].some(({ shard }) => shard === link.shard))
        options.meter.forget(link.shard);
      const death = link.death();
      if (death !== null && !closed) options.onDeath(death);
      if (death === null && link.shard !== null) options.onEnd(link.shard);
      counted();
    });
    links.add(link);
    counted();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const help = 'free space or set TMPDIR to another directory';
      const what = `the socket ${options.path} cannot be opened: ${cause.message}`;
      reject(new VpcflowError('VF_ENGINE', what, { cause, help }));
    });
    server.listen(options.path, resolve);
  });
  server.on('error', (error) => options.log.error({ error: error.message }, 'the link to the children failed'));
  options.meter.set('children', 0, {});
  return {
    close: async () => {
      closed = true;
      const done = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const link of links) link.destroy();
      await done;
    },
  };
};

class Link {
  readonly #socket: Socket;
  readonly #options: LinkServerOptions;
  shard: string | null = null;
  #pid: number | null = null;
  #ended = false;
  #failure: VpcflowError | null = null;

  constructor(socket: Socket, options: LinkServerOptions, onClose: () => void) {
    this.#socket = socket;
    this.#options = options;
    const lines = splitLines(LONGEST_LINE, (line) => this.#take(line));
    socket.on('data', (chunk) => lines.push(chunk));
    socket.on('error', () => {}); // `close` follows
    socket.on('close', onClose);
  }

  /** Null when the child had said that it would end. */
  death(): ChildDeath | null {
    return this.#ended ? null : { pid: this.#pid, shard: this.shard, failure: this.#failure };
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    const message = parseLinkLine(line);
    if (message === null)
      this.#options.log.warn({ ...this.#who(), line: line.slice(0, 200) }, 'a child sent what is no message');
    else {
      try {
        this.#handle(message);
      } catch (error) {
        // A child that measures what it cannot: it ends when it sees the link closed.
        if (!(error instanceof VpcflowError)) throw error;
        this.#failure ??= error;
        this.#socket.destroy();
      }
    }
  }

  #handle(message: LinkMessage): void {
    const { log, meter } = this.#options;
    switch (message.type) {
      case 'hello':
        this.#pid = message.pid;
        break;
      case 'shard':
        this.shard = message.shard;
        break;
      case 'log':
        log[message.level]({ ...message.fields, ...this.#who() }, message.message);
        break;
      case 'metrics':
        for (const update of message.updates) applyUpdate(meter, update);
        break;
      case 'forget':
        meter.forget(message.shard);
        break;
      case 'failed':
        this.#failure = new VpcflowError(message.code, message.message, { help: message.help });
        break;
      case 'end':
        this.#ended = true;
        break;
    }
  }

  #who(): Readonly<Record<string, unknown>> {
    return { ...(this.shard === null ? {} : { shard: this.shard }), ...(this.#pid === null ? {} : { pid: this.#pid }) };
  }
}
