// One stream, one store and one application for one fault: workers come and go, and in the end the store has to say what
// the stream was counted to be.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { openStore } from '../../consumers/shared/store/open.ts';
import { parseWatermark } from '../../pipeline/documents.ts';
import { watermarkKey } from '../../pipeline/keys.ts';
import type { Watermark } from '../../schemas/chain.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { freePort } from '../free-port.ts';
import { requirement } from '../requirements.ts';
import { runVpcflow } from '../run-vpcflow.ts';
import { s3Environment } from '../s3-server.ts';
import { until } from '../until.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { Commits } from './judge.ts';
import { forgetLeader, type Lease, leaseClient, readLeases, seedLeases } from './lease-table.ts';
import { TestStream } from './test-stream.ts';
import { Traffic } from './traffic.ts';
import { Worker } from './worker.ts';

const provided = inject('servers');

/** Whether the daemon's tests can run here at all. */
export const READY = requirement(
  'the Kinesis Client Library (Java 17, `npm run kcl`) or what stands in for AWS (python3 with a package index)',
  typeof provided !== 'string',
  typeof provided === 'string' ? provided : '',
);

/** Properties of the Client Library with which a fault is over in seconds. */
const SHORT = {
  failoverTimeMillis: 5000,
  leaseAssignmentIntervalMillis: 2000,
  shardSyncIntervalMillis: 2000,
  parentShardPollIntervalMillis: 1000,
  shutdownGraceMillis: 10_000,
  timeoutInSeconds: 150,
  gracefulLeaseHandoffTimeoutMillis: 10_000,
  disableWorkerMetrics: 'true',
};

/** Those that enhanced fan-out does not have. */
const SHORT_POLLING = { idleTimeBetweenReadsInMillis: 200, maxRecords: 100 };

/** Rows at which an epoch closes; a record of so many lines closes one by itself. */
export const EPOCH_ROWS = 400;

export interface BedOptions {
  readonly shards?: number;
  readonly seed?: number;
  /** In S3 rather than in a directory. */
  readonly s3?: boolean;
  /** Leases are there before the first worker comes. */
  readonly seeded?: boolean;
}

export interface WorkerStart {
  readonly id?: string;
  /** Of the command line, after those that every worker has. */
  readonly options?: readonly string[];
  readonly kcl?: Readonly<Record<string, string | number>>;
  readonly environment?: Readonly<Record<string, string>>;
}

let beds = 0;

export class Bed {
  readonly traffic: Traffic;
  readonly stream: TestStream;
  readonly commits: Commits;
  readonly application: string;
  readonly #directory: string;
  readonly #store: string;
  readonly #objects: ObjectStore;
  readonly #workers: Worker[] = [];
  readonly #proxies: FaultProxy[] = [];
  #kept = false;
  #closed = false;
  readonly #leases;

  private constructor(
    options: { directory: string; store: string; application: string; stream: TestStream },
    objects: ObjectStore,
    seed: number,
  ) {
    this.#objects = objects;
    this.commits = new Commits(objects);
    this.#directory = options.directory;
    this.#store = options.store;
    this.application = options.application;
    this.stream = options.stream;
    this.traffic = new Traffic(seed, Date.now());
    this.#leases = leaseClient(servers().dynamo, servers().kinesis);
  }

  static async open({ shards = 1, seed = 1, s3 = false, seeded = true }: BedOptions = {}): Promise<Bed> {
    const name = `bed-${process.pid}-${++beds}`;
    const { kinesis, s3: s3Endpoint } = servers();
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-bed-'));
    Object.assign(process.env, s3Environment(s3Endpoint)); // the judge reads the store as any command does
    if (s3) await fetch(`${s3Endpoint}/${name}`, { method: 'PUT' });
    const store = s3 ? `s3://${name}/store` : join(directory, 'store');
    const stream = await TestStream.create(kinesis, name, shards);
    const options = { directory, store, application: name, stream };
    const bed = new Bed(options, await openStore(store), seed);
    if (seeded) await seedLeases(bed.#leases, name, await stream.shards());
    return bed;
  }

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** A record for each open shard that closes the epoch that it lies in, so that everything before it is committed. */
  async putClosers(): Promise<void> {
    const closers = (await this.stream.shards()).map((range) =>
      this.traffic.envelope(EPOCH_ROWS * 2, this.traffic.key(range)),
    );
    await this.stream.put(closers);
  }

  /** From now on a worker that ends with an error is started again, as a service manager does. */
  keepRunning(): void {
    this.#kept = true;
  }

  async start(given: WorkerStart = {}): Promise<Worker> {
    const { id = 'w1', options = [], kcl = {}, environment = {} } = given;
    const { kinesis, dynamo, s3, java, jars } = servers();
    const metricsPort = await freePort();
    const short = options.includes('fanout') ? SHORT : { ...SHORT, ...SHORT_POLLING };
    const properties = Object.entries({ ...short, ...kcl }).map(([name, value]) => `${name}=${value}`);
    const directory = join(this.#directory, `${id}-${this.#workers.length}`);
    await mkdir(directory);
    if (this.#closed) throw new Error('a worker is started after the end of its test');
    const worker = new Worker({
      id,
      directory,
      metricsPort,
      arguments: [
        ...['digest', '--engine', 'kcl', '--stream', this.stream.identity.name, '--store', this.#store],
        ...['--application', this.application, '--worker-id', id],
        ...['--java', java, '--java-heap', '192', '--kcl-jars', jars],
        ...['--metrics-port', String(metricsPort), '--log', 'json', '--kcl', properties.join(',')],
        ...(options.includes('--epoch-rows') ? [] : ['--epoch-rows', String(EPOCH_ROWS)]),
        ...options,
      ],
      environment: {
        ...s3Environment(s3),
        AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
        AWS_ENDPOINT_URL_DYNAMODB: dynamo,
        AWS_ENDPOINT_URL_CLOUDWATCH: dynamo,
        JAVA_TOOL_OPTIONS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1',
        ...environment,
      },
    });
    this.#workers.push(worker);
    worker.running.ended.then(({ status }) => (this.#kept && status !== 0 ? this.start(given) : null)).catch(() => {}); // the test is over
    return worker;
  }

  leases(): Promise<ReadonlyMap<string, Lease>> {
    return readLeases(this.#leases, this.application);
  }

  /** A proxy in front of the store (S3), or of DynamoDB; it ends with the bed. */
  storeProxy(): Promise<FaultProxy> {
    return this.#proxy(servers().s3);
  }

  dynamoProxy(): Promise<FaultProxy> {
    return this.#proxy(servers().dynamo);
  }

  async #proxy(target: string): Promise<FaultProxy> {
    const proxy = await startFaultProxy(target);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** How far each shard is, by what the store says. */
  async ends(): Promise<readonly Watermark[]> {
    const found: Watermark[] = [];
    for await (const { key } of this.#objects.list(`watermarks/${this.stream.identity.id}/shardId-`)) {
      const stored = await this.#objects.get(key);
      if (stored !== null) found.push(parseWatermark(key, stored.body));
    }
    return found;
  }

  /** The last sequence number that is committed of a shard. */
  async chainEnd(shard: string): Promise<string> {
    const key = watermarkKey(this.stream.identity.id, shard);
    const stored = await this.#objects.get(key);
    if (stored === null) throw new Error(`${key} is not there`);
    return parseWatermark(key, stored.body).last;
  }

  /** After a leader died, so that another worker need not wait 120 s. */
  forgetLeader(): Promise<void> {
    return forgetLeader(this.#leases, this.application);
  }

  /** Awaits what live workers bring about; rejects with what they said when none is left. */
  async until<T>(what: string, condition: () => Promise<T>, seconds = 120): Promise<void> {
    try {
      await until(
        what,
        async () => {
          if (await condition()) return true;
          if (this.#kept || this.#workers.some(({ end }) => end === null)) return false;
          throw new Error(`no worker is left, and this has not happened: ${what}`);
        },
        seconds,
      );
    } catch (error) {
      throw new Error(`${error}\n${await this.#report()}`);
    }
  }

  async #report(): Promise<string> {
    const leases = [...(await this.leases().catch(() => new Map<string, Lease>()))];
    const shards = leases.map(([shard, { owner, checkpoint }]) => `${shard}: ${owner} at ${checkpoint}`);
    const said = this.#workers.map((worker) => `--- ${worker.id}, status ${worker.end?.status}\n${worker.tail()}`);
    return [`committed ${await this.commits.records()} of ${this.stream.count.records}`, ...shards, ...said].join('\n');
  }

  /** Resolves when so many records are committed. */
  async committed(records: number): Promise<void> {
    await this.until(`${records} records are committed`, async () => (await this.commits.records()) >= records);
  }

  /** Everything that was put is committed, the live workers end as they are told, and the store says what the count says. */
  async finish(): Promise<void> {
    await this.putClosers();
    await this.committed(this.stream.count.records);
    this.#kept = false;
    for (const worker of this.#workers.filter(({ end }) => end === null)) await this.stop(worker);
    await this.judge();
  }

  /** SIGTERM: it ends with status 0, and nothing of it is left. */
  async stop(worker: Worker): Promise<void> {
    worker.signal('SIGTERM');
    const { status } = await worker.gone();
    expect(status, worker.tail()).toBe(0);
  }

  /** The audit is ok and equal to the count; so are the sums of each address in the digests. */
  async judge(): Promise<void> {
    const { stdout, stderr } = await runVpcflow(['audit', '--store', this.#store, '--format', 'json'], {
      ...s3Environment(servers().s3),
    });
    const {
      ok,
      gaps,
      records,
      envelopes,
      control,
      duplicates,
      lines,
      flows,
      nodata,
      skipdata,
      rejects,
      packets,
      bytes,
    } = JSON.parse(stdout);
    expect({ ok, gaps }, stderr).toEqual({ ok: true, gaps: [] });
    const found = { records, envelopes, control, duplicates, lines, flows, nodata, skipdata, packets, bytes };
    expect({ ...found, rejects: rejects.total }).toEqual(this.stream.count);
    const sums = await this.commits.sums();
    const wrong = [...this.stream.sums].filter(([address, sum]) => {
      const there = sums.get(address) ?? { flows: 0, packets: 0, bytes: 0 };
      return there.flows !== sum.flows || there.packets !== sum.packets || there.bytes !== sum.bytes;
    });
    expect(wrong).toEqual([]);
    expect([...sums.keys()].filter((address) => !this.stream.sums.has(address))).toEqual([]);
  }

  /** Ends whatever still runs and removes what it left. */
  async close(): Promise<void> {
    this.#kept = false;
    this.#closed = true;
    for (const worker of this.#workers) await worker.destroy();
    await Promise.all(this.#proxies.map((proxy) => proxy.stop()));
    this.stream.close();
    this.#leases.destroy();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

const servers = () => {
  if (typeof provided === 'string') throw new Error(provided);
  return provided;
};
