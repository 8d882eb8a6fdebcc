// A StatsD server for tests: a real UDP socket on loopback that keeps every packet.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export class StatsdServer implements AsyncDisposable {
  readonly #socket: Socket;
  readonly packets: string[] = [];
  readonly port: number;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // A bound UDP socket has an address of this shape.
    this.port = (socket.address() as AddressInfo).port;
    socket.on('message', (packet) => this.packets.push(packet.toString()));
  }

  static async start(host = '127.0.0.1', port = 0): Promise<StatsdServer> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    return new StatsdServer(socket);
  }

  get lines(): readonly string[] {
    return this.packets.flatMap((packet) => packet.split('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
