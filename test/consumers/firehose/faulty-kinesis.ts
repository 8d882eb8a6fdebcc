// Stands between the endpoint and Kinesis: passes calls on, and spoils chosen calls of PutRecords as a service may.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * `partial`: every other record is taken; `refused`: none is; `error`: 500; `hang`: no answer, nothing taken;
 * `lost`: all taken, and the connection cut before the answer.
 */
export type Fault = 'partial' | 'refused' | 'error' | 'hang' | 'lost';

export interface FaultyKinesis {
  readonly endpoint: string;
  /** What happens to the next calls of PutRecords; null passes one on. */
  readonly faults: (Fault | null)[];
  /** What happens to every further one. */
  otherwise: Fault | null;
  /** Calls of PutRecords so far. */
  readonly calls: () => number;
  /** Partition keys of the records that Kinesis has taken, as often as it has. */
  readonly taken: () => readonly string[];
  stop(): Promise<void>;
}

interface Entry {
  readonly PartitionKey: string;
}
const REFUSED = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' };

const read = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
};

export const startFaultyKinesis = async (upstream: string): Promise<FaultyKinesis> => {
  const faults: (Fault | null)[] = [];
  const taken: string[] = [];
  let calls = 0;

  const forward = (from: IncomingMessage, body: Buffer): Promise<{ status: number; type: string; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const headers = { ...from.headers, 'content-length': String(body.length) };
      const outgoing = request(new URL(from.url ?? '/', upstream), { method: from.method ?? 'POST', headers });
      outgoing.on('error', reject);
      outgoing.on('response', (answer) => {
        const type = answer.headers['content-type'] ?? '';
        read(answer).then((bytes) => resolve({ status: answer.statusCode ?? 500, type, body: bytes }), reject);
      });
      outgoing.end(body);
    });

  const put = async (incoming: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    calls += 1;
    const fault = faults.length > 0 ? (faults.shift() ?? null) : self.otherwise;
    if (fault === 'hang') return;
    if (fault === 'error') {
      response.writeHead(500, { 'content-type': 'application/x-amz-json-1.1' });
      response.end('{"__type":"InternalFailure","message":"on purpose"}');
      return;
    }
    // A call of PutRecords as the SDK writes it.
    const call = JSON.parse(body.toString()) as { readonly StreamARN: string; readonly Records: readonly Entry[] };
    const passes = (i: number): boolean => fault !== 'refused' && (fault !== 'partial' || i % 2 === 0);
    const passed = call.Records.filter((_, i) => passes(i));
    let results: unknown[] = [];
    if (passed.length > 0) {
      const answer = await forward(incoming, Buffer.from(JSON.stringify({ ...call, Records: passed })));
      if (answer.status !== 200) {
        response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
        return;
      }
      taken.push(...passed.map(({ PartitionKey }) => PartitionKey));
      results = JSON.parse(answer.body.toString()).Records;
    }
    if (fault === 'lost') {
      response.destroy();
      return;
    }
    const Records = call.Records.map((_, i) => (passes(i) ? results.shift() : REFUSED));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ FailedRecordCount: call.Records.length - passed.length, Records }));
  };

  const server = createServer(async (incoming, response) => {
    response.on('error', () => {});
    try {
      const body = await read(incoming);
      if (incoming.headers['x-amz-target'] === 'Kinesis_20131202.PutRecords')
        return await put(incoming, response, body);
      const answer = await forward(incoming, body);
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
    } catch {
      response.destroy(); // a client that was killed
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const self: FaultyKinesis = {
    endpoint: `http://127.0.0.1:${port}`,
    faults,
    otherwise: null,
    calls: () => calls,
    taken: () => taken,
    stop: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
};
