// The simulated subscription: envelopes as CloudWatch Logs sends them, now and then twice.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Envelope, partitionKey, Subscription } from '../../../pipeline/simulation/envelopes.ts';
import { SIMULATED } from '../../../pipeline/simulation/record.ts';
import { Simulation } from '../../../pipeline/simulation/simulation.ts';
import { publications, START } from './simulated.ts';

interface Message {
  readonly messageType: string;
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[];
}

const decode = ({ data }: Envelope): Message => JSON.parse(gunzipSync(data).toString());

const deliver = (seed: number, seconds: number, rate: number): Envelope[] => {
  const simulation = new Simulation({ seed, start: START, anchor: START, rate, format: SIMULATED });
  const subscription = new Subscription(seed, START);
  const delivered: Envelope[] = [];
  for (let i = 0; i < seconds; i++) delivered.push(...subscription.deliver(simulation.second, simulation.next()));
  return [...delivered, ...subscription.deliver(simulation.second, simulation.flush())];
};

const delivered = deliver(4, 1300, 60);
const fresh = delivered.filter((one) => !one.redelivered).map(decode);
const data = fresh.filter((one) => one.messageType === 'DATA_MESSAGE');

test('the envelopes carry every published line once, in order', () => {
  const lines = data.flatMap((one) => one.logEvents.map((event) => event.message));
  expect(lines).toEqual(
    publications({ seed: 4, start: START, seconds: 1300, rate: 60 }).flatMap((publication) => publication.lines),
  );
  expect(delivered.filter((one) => !one.redelivered).reduce((sum, one) => sum + one.lines, 0)).toBe(lines.length);
});

test('event ids carry the time above bit 144, are unique, and ascend within a log stream', () => {
  const streams = Map.groupBy(data, (one) => one.logStream);
  const seen = new Set<string>();
  for (const [stream, messages] of streams) {
    expect(stream).toMatch(/^eni-[0-9a-f]{17}-all$/);
    let last = 0n;
    for (const { id, timestamp, message } of messages.flatMap((one) => one.logEvents)) {
      expect(Number(BigInt(id) >> 144n)).toBe(timestamp);
      expect(message).toContain(` ${timestamp / 1000} `);
      expect(BigInt(id) > last).toBe(true);
      last = BigInt(id);
      seen.add(id);
    }
  }
  expect(seen.size).toBe(data.reduce((sum, one) => sum + one.logEvents.length, 0));
});

test('the partition key is the MD5 of owner, log group and log stream', () => {
  for (const one of delivered) {
    const { owner, logGroup, logStream } = decode(one);
    expect(one.partitionKey).toBe(createHash('md5').update(`${owner}:${logGroup}:${logStream}`).digest('hex'));
  }
  // The one documented pair that AWS's own sample data give away is the same computation.
  expect(partitionKey('a', 'b', 'c')).toBe(createHash('md5').update('a:b:c').digest('hex'));
});

test('a small share is delivered again, byte for byte, later', () => {
  const again = delivered.filter((one) => one.redelivered);
  expect(again.length).toBeGreaterThan(0);
  expect(again.length / delivered.length).toBeLessThan(0.05);
  for (const one of again) {
    const before = delivered.findIndex((other) => !other.redelivered && other.data.equals(one.data));
    expect(before).toBeGreaterThanOrEqual(0);
    expect(before).toBeLessThan(delivered.indexOf(one));
  }
});

test('control messages come first and then every ten minutes', () => {
  const control = fresh.filter((one) => one.messageType === 'CONTROL_MESSAGE');
  expect(control).toHaveLength(3);
  expect(fresh[0]).toEqual(control[0]);
  expect(control[0]).toMatchObject({ owner: 'CloudwatchLogs', logGroup: '', logStream: '', logEvents: [{ id: '' }] });
});

test('the same seed gives the same bytes', () => {
  expect(deliver(9, 70, 120)).toEqual(deliver(9, 70, 120));
});

test('a busy interface publishes several envelopes of bounded size', () => {
  const busy = deliver(4, 61, 3_000).map(decode);
  expect(Math.max(...busy.map((one) => one.logEvents.length))).toBe(2_500);
});
