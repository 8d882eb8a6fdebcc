// Requests as no well-behaved client makes them: any header, any byte, and the answer as it comes.
import { type IncomingMessage, request } from 'node:http';
import { request as requestByTls } from 'node:https';
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** As it came: nothing is decoded. */
  readonly bytes: Buffer;
  readonly body: string; // of `bytes`
  /** False where the answer was broken off. */
  readonly whole: boolean;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** PEM, for HTTPS: the certificates that are believed. */
  readonly ca?: string;
}

/** One request with whatever headers, also those that fetch does not let through, on a connection of its own. */
export const ask = (
  url: string,
  { method = 'GET', headers = {}, body = '', ca }: RawRequest = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const take = (answer: IncomingMessage) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', () => {}); // it is not whole then
      answer.on('close', () => {
        const bytes = Buffer.concat(pieces);
        const status = answer.statusCode ?? 0;
        resolve({ status, headers: answer.headers, bytes, body: bytes.toString(), whole: answer.complete });
      });
    };
    const options = { method, headers, agent: false as const };
    const sent = ca === undefined ? request(url, options, take) : requestByTls(url, { ...options, ca }, take);
    sent.on('error', reject);
    sent.end(body);
  });

/** Everything that the server says to these bytes until it closes the connection. */
export const sendBytes = (url: string, ...pieces: readonly (string | Buffer)[]): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const got: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on('data', (piece) => got.push(piece));
    socket.on('error', (error) => (got.length === 0 ? reject(error) : undefined));
    socket.on('close', () => resolve(parsed(Buffer.concat(got).toString())));
  });

function parsed(text: string): RawAnswer {
  const [head, ...rest] = text.split('\r\n\r\n');
  const [line, ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((one) => one.split(/: (.*)/s, 2).map((part) => part.trim())));
  const body = rest.join('\r\n\r\n');
  return { status: Number(line.split(' ')[1]), headers, bytes: Buffer.from(body), body, whole: true };
}
