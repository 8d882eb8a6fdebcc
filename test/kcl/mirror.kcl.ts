// Findings on two shards become sessions under the real Client Library, whose child is killed: each finding has one session.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { systemClock } from '../../consumers/shared/clock.ts';
import { kinesisClient } from '../../consumers/shared/kinesis.ts';
import { putRecords } from '../../consumers/shared/kinesis-writer.ts';
import { findingEvent, findingId } from '../consumers/mirror/bridge-events.ts';
import { type Mirrored, motoAccount } from '../consumers/mirror/moto-account.ts';
import { freePort } from '../free-port.ts';
import { s3Environment } from '../s3-server.ts';
import { until } from '../until.ts';
import { READY } from './bed.ts';
import { leaseClient, seedLeases } from './lease-table.ts';
import { TestStream } from './test-stream.ts';
import { Traffic } from './traffic.ts';
import { Worker } from './worker.ts';

const TIMEOUT = 360_000; // ms
const SHORT = [
  ...['failoverTimeMillis=5000', 'leaseAssignmentIntervalMillis=2000', 'shardSyncIntervalMillis=2000'],
  ...['shutdownGraceMillis=10000', 'timeoutInSeconds=150', 'gracefulLeaseHandoffTimeoutMillis=10000'],
  ...['disableWorkerMetrics=true', 'idleTimeBetweenReadsInMillis=200', 'maxRecords=100'],
].join(',');

const provided = (): Exclude<ReturnType<typeof inject<'servers'>>, string> => {
  const servers = inject('servers');
  if (typeof servers === 'string') throw new Error(servers);
  return servers;
};

describe.skipIf(!READY)('mirroring', () => {
  test('findings on two shards, kill -9 of a child', { timeout: TIMEOUT }, async ({ onTestFinished }) => {
    const { kinesis, dynamo, java, jars } = provided();
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-mirror-kcl-'));
    const name = `mirror-${process.pid}`;
    const account = await motoAccount(dynamo, 3);
    await writeFile(join(directory, 'us-east-1.yaml'), `${['mode: apply', ...account.rules].join('\n')}\n`);
    const stream = await TestStream.create(kinesis, name, 2);
    const shards = await stream.shards();
    const leases = leaseClient(dynamo, kinesis);
    await seedLeases(leases, name, shards);
    const keys = new Traffic(1, Date.now());
    const client = kinesisClient(kinesis);
    const put = async (findings: readonly Parameters<typeof findingEvent>[0][]): Promise<void> => {
      const records = findings.map((finding, i) => ({
        ...{
          partitionKey: keys.key(shards[i % shards.length]),
          data: Buffer.from(JSON.stringify(findingEvent(finding))),
        },
      }));
      await putRecords(client, stream.identity, records, systemClock);
    };
    const workers: Worker[] = [];
    onTestFinished(async () => {
      for (const worker of workers) await worker.destroy();
      for (const open of [leases, client]) open.destroy();
      account.close();
      await rm(directory, { recursive: true, force: true });
    });
    const start = async (): Promise<Worker> => {
      const metricsPort = await freePort();
      const worker = new Worker({
        ...{ id: 'w1', directory, metricsPort },
        arguments: [
          ...['mirror', 'run', '--engine', 'kcl', '--stream', name, '--store', join(directory, 'store')],
          ...['--config', join(directory, 'us-east-1.yaml'), '--application', name, '--worker-id', 'w1'],
          ...['--java', java, '--java-heap', '192', '--kcl-jars', jars],
          ...['--metrics-port', String(metricsPort), '--log', 'json', '--kcl', SHORT],
        ],
        environment: {
          ...s3Environment(dynamo),
          AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
          AWS_ENDPOINT_URL: dynamo,
          JAVA_TOOL_OPTIONS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1',
        },
      });
      workers.push(worker);
      return worker;
    };
    const sessions = async (): Promise<readonly string[]> =>
      (await account.sessions()).map((one) => `${one.interface} ${one.tags['vpcflow:finding']}`).sort();
    const session = (mirrored: Mirrored, finding: string): string => `${mirrored.interface} ${findingId(finding)}`;
    const about = (id: string, { instance }: Mirrored, later = 0) => ({ id, instance, at: Date.now() + later });
    const reached = async (worker: Worker, wanted: readonly string[]): Promise<void> => {
      await until(`there are ${wanted.length} sessions`, async () => {
        if (worker.end !== null) throw new Error(`it ended (${worker.end.status}): ${worker.tail()}`);
        return (await sessions()).length >= wanted.length;
      });
      expect(await sessions()).toEqual([...wanted].sort());
    };

    const [one, two, three] = account.instances;
    await put([about('first', one), about('second', two)]);
    const first = await start();
    const before = [session(one, 'first'), session(two, 'second')];
    await reached(first, before);
    process.kill((await first.child()).pid, 'SIGKILL');
    expect((await first.gone()).status, first.tail()).toBe(1);

    // The first finding again, as it was; two others, one of them about an interface that has a session.
    await put([about('first', one, -60_000), about('third', three), about('fourth', one)]);
    const second = await start();
    await reached(second, [...before, session(three, 'third'), session(one, 'fourth')]);
    second.signal('SIGTERM');
    expect((await second.gone()).status, second.tail()).toBe(0);
    expect(await sessions()).toHaveLength(4);
  });
});
