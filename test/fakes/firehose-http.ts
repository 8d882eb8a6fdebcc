// A Firehose stream in memory behind a real socket, speaking the API's JSON 1.1, with the faults that a test asks for.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES } from '../../pipeline/forward/batches.ts';

/**
 * What happens to a call of PutRecordBatch: it is taken; some of its records are refused; it fails with an error of that
 * name; nobody answers; or it is taken, and the answer is lost.
 */
export type Answer =
  | 'take'
  | { readonly refuse: (index: number) => boolean }
  | { readonly error: string; readonly status?: number }
  | 'hang'
  | 'lose';

export interface FirehoseServer {
  readonly endpoint: string;
  /** Variables with which the SDK finds it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was taken, in order: one text a record. */
  readonly records: string[];
  /** How many records each call had. */
  readonly calls: number[];
  /** Decides each call from here on; 'take' at first. */
  answer: (call: number) => Answer;
  /** What DescribeDeliveryStream says: the type of the stream, or the name of an error. */
  described: string;
  stop(): Promise<void>;
}

/** By record of a call that was answered. */
interface Outcome {
  readonly refused: readonly boolean[];
}

const Request = z.object({
  DeliveryStreamName: z.string(),
  Records: z.array(z.object({ Data: z.string() })).optional(),
});

const body = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
};

const send = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
};

const fail = (response: ServerResponse, name: string, status = 400): void =>
  send(response, status, { __type: name, message: `made to fail: ${name}` });

/** Listens on loopback. Calls that break the API's limits fail as they do there. */
export const startFirehose = async (): Promise<FirehoseServer> => {
  let ids = 0;
  const take = (given: readonly { readonly Data: string }[]): Answer | Outcome => {
    const data = given.map(({ Data }) => Buffer.from(Data, 'base64'));
    const call = fake.calls.push(data.length) - 1;
    const bytes = data.reduce((sum, one) => sum + one.length, 0);
    if (data.length > MAX_BATCH_RECORDS || bytes > MAX_BATCH_BYTES || data.some((one) => one.length > MAX_RECORD_BYTES))
      return { error: 'InvalidArgumentException' };
    const answer = fake.answer(call);
    if (answer === 'hang' || (typeof answer === 'object' && 'error' in answer)) return answer;
    const refused = data.map((_, i) => typeof answer === 'object' && answer.refuse(i));
    fake.records.push(...data.filter((_, i) => !refused[i]).map((one) => one.toString()));
    return answer === 'lose' ? answer : { refused };
  };
  const put = (response: ServerResponse, given: readonly { readonly Data: string }[]): void => {
    const outcome = take(given);
    if (outcome === 'lose') response.destroy();
    else if (typeof outcome === 'object' && 'error' in outcome) fail(response, outcome.error, outcome.status);
    else if (typeof outcome === 'object' && 'refused' in outcome) {
      const answers = outcome.refused.map((refused) =>
        refused
          ? { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'Slow down.' }
          : { RecordId: `record-${ids++}` },
      );
      const FailedPutCount = outcome.refused.filter(Boolean).length;
      send(response, 200, { FailedPutCount, RequestResponses: answers });
    }
  };
  const describe = (response: ServerResponse, name: string): void => {
    if (fake.described.endsWith('Exception')) fail(response, fake.described);
    else if (fake.described !== 'hang')
      send(response, 200, {
        DeliveryStreamDescription: { DeliveryStreamName: name, DeliveryStreamType: fake.described },
      });
  };
  const server = createServer(async (request, response) => {
    const { DeliveryStreamName: name, Records } = Request.parse(JSON.parse(await body(request)));
    if (Records === undefined) describe(response, name);
    else put(response, Records);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  const endpoint = `http://127.0.0.1:${address.port}`;
  const fake: FirehoseServer = {
    endpoint,
    environment: {
      ...{ AWS_ENDPOINT_URL_FIREHOSE: endpoint, AWS_REGION: 'us-east-1' },
      ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    },
    ...{ records: [], calls: [], answer: () => 'take', described: 'DirectPut' },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
};

/** The ids of the records, each once. */
export const idsOf = (records: readonly string[]): ReadonlySet<string> =>
  new Set(records.map((line) => z.object({ id: z.string() }).parse(JSON.parse(line)).id));
