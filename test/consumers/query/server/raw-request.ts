// Requests as no well-behaved client makes them: any header, any byte, and the answer as it comes.
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** One request with whatever headers, also those that fetch does not let through, on a connection of its own. */
export const ask = (
  url: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string | string[]>; body?: string } = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces).toString() }),
      );
    });
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
  return { status: Number(line.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
