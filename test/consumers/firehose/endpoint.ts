// Starts the endpoint in this process, over a put of the test's own, with what a test wants to look at afterwards.

import { PassThrough } from 'node:stream';
import { BytesInWork } from '../../../consumers/firehose/bytes-in-work.ts';
import { FailureLog } from '../../../consumers/firehose/failure-log.ts';
import { type EndpointOptions, startEndpoint } from '../../../consumers/firehose/server.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import type { OutgoingRecord } from '../../../consumers/shared/kinesis-writer.ts';
import { createLog } from '../../../consumers/shared/log.ts';
import { totalsMeter } from '../../../consumers/shared/metrics/totals.ts';
import { parseAccessKeys } from '../../../pipeline/firehose/access-keys.ts';

export const MEMORY = 256 * 1024 * 1024;

/** An endpoint that keeps what it is given, where the test says nothing else. */
export const openEndpoint = async (options: Partial<EndpointOptions> = {}) => {
  const records: OutgoingRecord[] = [];
  const stderr = new PassThrough();
  const lines: string[] = [];
  stderr.on('data', (line: Buffer) => lines.push(line.toString()));
  const log = createLog(stderr, 'json');
  const { meter, totals } = totalsMeter();
  const clock = options.clock ?? systemClock;
  const bytes = new BytesInWork(MEMORY);
  const endpoint = await startEndpoint({
    ...{ host: '127.0.0.1', port: 0, meter, log, clock, bytes, unknownFields: 'refuse' },
    failures: new FailureLog(log, clock),
    keys: async () => parseAccessKeys('# comment\nfirst-key\n\n second-key \r\n'),
    ready: async () => true,
    put: async (some) => void records.push(...some),
    ...options,
  });
  return {
    ...endpoint,
    url: endpoint.url,
    close: (drain: number) => endpoint.close(drain),
    records,
    lines,
    totals,
    bytes,
  };
};
