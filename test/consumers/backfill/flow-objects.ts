// Puts many small objects of flow logs into a bucket, in every framing that S3 has them, each line with known numbers.
import { gzipSync } from 'node:zlib';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { envelope, lines, text } from './flow-files.ts';

export interface FlowObject {
  readonly key: string;
  readonly body: Buffer;
}

const HEADER =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';

const two = (value: number): string => String(value).padStart(2, '0');

/** As AWS names what it delivers itself, an hour of the day in its turn. */
const awsKey = (i: number): string => {
  const day = `2026/11/${two(1 + (i % 20))}`;
  const file = `123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_202611${two(1 + (i % 20))}T${two(i % 24)}00Z_${i}.log.gz`;
  return `AWSLogs/123456789012/vpcflowlogs/eu-west-1/${day}/${file}`;
};

const firehoseKey = (i: number, end: string): string =>
  `firehose/2026/11/20/${two(i % 24)}/flow-1-2026-11-20-${i}${end}`;

/** Object `i` of `count` lines, the first of which is line `from` of flow-files.ts. */
export const flowObject = (i: number, from: number, count: number): FlowObject => {
  const half = Math.floor(count / 2);
  switch (i % 4) {
    case 0:
      return { key: awsKey(i), body: gzipSync(`${HEADER}\n${text(count, from)}`) };
    case 1: {
      const members = [envelope(half, from), envelope(count - half, from + half)];
      return { key: firehoseKey(i, '.gz'), body: Buffer.concat(members.map((one) => gzipSync(one))) };
    }
    case 2: {
      const messages = lines(count, from).map((message) => `${JSON.stringify({ message })}\n`);
      return { key: firehoseKey(i, ''), body: Buffer.from(messages.join('')) };
    }
    default:
      return {
        key: firehoseKey(i, '-raw'),
        body: Buffer.from(envelope(half, from) + envelope(count - half, from + half)),
      };
  }
};

/** `count` objects of 5 to 20 lines; all lines are lines 0 to `total` - 1. */
export const flowObjects = (count: number): { readonly objects: readonly FlowObject[]; readonly total: number } => {
  let total = 0;
  const objects = Array.from({ length: count }, (_, i) => {
    const size = 5 + (i % 16);
    total += size;
    return flowObject(i, total - size, size);
  });
  return { objects, total };
};

export const putAll = async (client: S3Client, bucket: string, objects: readonly FlowObject[]): Promise<void> => {
  const queue = objects.values();
  const put = async (): Promise<void> => {
    for (const { key, body } of queue)
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  };
  await Promise.all(Array.from({ length: 16 }, put));
};
