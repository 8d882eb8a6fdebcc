// An HTTP server that answers DescribeFlowLogs as EC2 does: pages, failed deliveries, throttling, refusals.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request asked for, by the names of the EC2 query API. */
export interface Asked {
  readonly region: string; // of the signature
  readonly accessKey: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** `flowLogId`, `logFormat`, … as EC2 writes them. */
export type Item = Readonly<Record<string, string>>;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export const page = (items: readonly Item[], nextToken: string | null = null): Answer => {
  const item = (one: Item): string =>
    `<item>${Object.entries(one)
      .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
      .join('')}</item>`;
  const next = nextToken === null ? '' : `<nextToken>${nextToken}</nextToken>`;
  const body = `<DescribeFlowLogsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><flowLogSet>${items.map(item).join('')}</flowLogSet>${next}</DescribeFlowLogsResponse>`;
  return { status: 200, body };
};

export const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  body: `<Response><Errors><Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
});

export interface AnsweringServer {
  readonly endpoint: string;
  readonly asked: readonly Asked[];
  /** Answers what comes from now on; what was asked before is forgotten. */
  answer(with_: (asked: Asked) => Answer): void;
  stop(): Promise<void>;
}

export const startAnsweringServer = async (): Promise<AnsweringServer> => {
  const asked: Asked[] = [];
  let respond: (asked: Asked) => Answer = () => page([]);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const parameters = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      const [, accessKey = '', region = ''] =
        /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
      const one = { region, accessKey, parameters };
      asked.push(one);
      const { status, body } = respond(one);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked,
    answer: (with_) => {
      asked.length = 0;
      respond = with_;
    },
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
};
