// Writes files of flow logs of every kind, each line with known numbers, for the tests of the backfill.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';

const START = Date.UTC(2026, 10, 20, 5, 0, 0) / 1000; // s

/** Line `i` of a default-format flow log: eight lines a second, i + 1 packets, 100 bytes each. */
export const line = (i: number): string =>
  `2 123456789012 eni-0a1b2c3d4e5f6${String(i % 7).padStart(4, '0')} 10.0.0.${i % 200} 10.1.0.${i % 11} ${40_000 + (i % 5)} 443 6 ` +
  `${i + 1} ${(i + 1) * 100} ${START + Math.floor(i / 8)} ${START + Math.floor(i / 8) + 30} ACCEPT OK`;

export const lines = (count: number, from = 0): readonly string[] =>
  Array.from({ length: count }, (_, i) => line(from + i));

export const text = (count: number, from = 0): string =>
  lines(count, from)
    .map((one) => `${one}\n`)
    .join('');

/** A CloudWatch Logs envelope, as subscriptions and Firehose deliver it (uncompressed JSON). */
export const envelope = (count: number, from = 0, logStream = 'eni-0a1b2c3d4e5f60000-all'): string =>
  JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: 'vpc/flow',
    logStream,
    subscriptionFilters: ['all'],
    logEvents: lines(count, from).map((message, i) => ({
      id: String(37_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n + BigInt(from + i)),
      timestamp: START * 1000,
      message,
    })),
  });

export const CONTROL =
  '{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],' +
  '"logEvents":[{"id":"","timestamp":1500000000000,"message":"CWL CONTROL MESSAGE: Checking health of destination."}]}';

/** What lies in S3 when AWS delivers text flow logs: a header line, gzip. */
export const withHeader = (count: number): Buffer => {
  const rows = Array.from({ length: count }, (_, i) => `${START + i} 10.0.0.${i} 10.1.0.1 443 ${i + 1} OK`);
  return gzipSync(`start srcaddr dstaddr dstport bytes log-status\n${rows.join('\n')}\n`);
};

export const file = (path: string, content: string | Uint8Array): string => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};
