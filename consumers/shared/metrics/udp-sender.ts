// Sends packets over UDP to a named host, and makes of whatever goes wrong a count and one line in the log.
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { Clock } from '../../../schemas/clock.ts';
import type { Log } from '../log.ts';

/** A name is asked for again after this time, as a server behind it may move, and after every failure. */
const LOOKUP_MS = 60_000;

interface Target {
  readonly socket: Socket;
  readonly until: number; // Unix ms
}

export class UdpSender {
  readonly #host: string;
  readonly #port: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #target: Target | null = null;
  #closed = false;
  #failures = 0; // lookups and packets

  constructor({ host, port }: { readonly host: string; readonly port: number }, clock: Clock, log: Log) {
    this.#host = host;
    this.#port = port;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when the packets are handed to the system, or cannot be. Never rejects. */
  async send(packets: readonly Buffer[]): Promise<void> {
    if (packets.length === 0) return;
    try {
      const socket = await this.#connected();
      if (socket === null) return;
      for (const packet of packets) {
        await new Promise<void>((resolve, reject) =>
          socket.send(packet, (error) => (error === null ? resolve() : reject(error))),
        );
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#disconnect();
    if (this.#failures > 0) {
      this.#log.warn({ failures: this.#failures }, `StatsD at ${this.#host}:${this.#port} did not get everything`);
    }
  }

  /** A connected socket, because only such a one is told that nobody listens. Null when closed meanwhile. */
  async #connected(): Promise<Socket | null> {
    const now = this.#clock.now();
    if (this.#target !== null && now < this.#target.until) return this.#target.socket;
    // Of a name with both, as localhost is: servers of metrics listen on IPv4 unless they are told otherwise.
    const { address, family } = await lookup(this.#host, { order: 'ipv4first' });
    this.#disconnect();
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.on('error', (error) => {
      if (this.#target?.socket === socket) this.#failed(error); // before it is the target, `once` rejects
    });
    try {
      socket.connect(this.#port, address);
      await once(socket, 'connect');
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#target = { socket, until: now + LOOKUP_MS };
    if (!this.#closed) return socket;
    this.#disconnect();
    return null;
  }

  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#failures += 1;
    this.#disconnect();
    if (this.#failures > 1) return;
    const where = `${this.#host}:${this.#port}`;
    this.#log.warn({ error: String(error) }, `StatsD at ${where} cannot be reached; its metrics are lost until it can`);
  }

  #disconnect(): void {
    this.#target?.socket.close();
    this.#target = null;
  }
}
