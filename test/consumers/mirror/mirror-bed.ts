// What an end-to-end test of mirroring has: a stream of events on a local Kinesis, a rule file, a store, and runs of
// `vpcflow mirror`, in this process or one of their own, that find EC2 at an endpoint.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { expect } from 'vitest';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { openCheckpoints, stateDirectory } from '../../../consumers/shared/embedded/state-directory.ts';
import {
  identifyStream,
  type KinesisPlace,
  kinesisClient,
  type StreamIdentity,
} from '../../../consumers/shared/kinesis.ts';
import { putRecords } from '../../../consumers/shared/kinesis-writer.ts';
import { type Life, runHere, startHere } from '../../run-here.ts';
import { type Ended, type Running, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_EC2_METADATA_DISABLED: 'true' };

const SHARD = 'shardId-000000000000';

let beds = 0;

/** A Kinesis for all tests of a file. */
export class MirrorBeds {
  readonly #kinesis: KinesisPlace;
  readonly #client: KinesisClient;
  readonly #directory: string;
  readonly #stop: () => Promise<void>;

  private constructor(kinesis: KinesisPlace, directory: string, stop: () => Promise<void>) {
    this.#kinesis = kinesis;
    this.#client = kinesisClient(kinesis);
    this.#directory = directory;
    this.#stop = stop;
  }

  /** On a Kinesis that is there; without one, on one of its own. */
  static async start(place: KinesisPlace | null = null): Promise<MirrorBeds> {
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-mirror-'));
    if (place !== null) return new MirrorBeds(place, directory, async () => undefined);
    const kinesis = await startLocalKinesis(null);
    return new MirrorBeds(kinesis.place, directory, () => kinesis.stop());
  }

  /** A stream, a store and a rule file of its own. `file` decides on the region where the rules do not. */
  async bed(endpoint: string, rules: readonly string[], file = 'us-east-1.yaml'): Promise<MirrorBed> {
    const name = `events-${process.pid}-${++beds}`;
    await ensureStream(this.#client, name, 1, systemClock);
    const stream = await identifyStream(this.#client, name);
    const directory = await mkdtemp(join(this.#directory, `${name}-`));
    await writeFile(join(directory, file), `${rules.join('\n')}\n`);
    const environment = {
      ...{ AWS_ENDPOINT_URL_KINESIS: this.#kinesis.endpoint ?? '', AWS_REGION: this.#kinesis.region },
      ...{ AWS_ENDPOINT_URL_EC2: endpoint, AWS_ENDPOINT_URL_STS: endpoint, ...CREDENTIALS },
    };
    return new MirrorBed(this.#client, stream, directory, join(directory, file), environment);
  }

  async stop(): Promise<void> {
    this.#client.destroy();
    await this.#stop();
    await rm(this.#directory, { recursive: true });
  }
}

export class MirrorBed {
  readonly store: string;
  readonly config: string;
  readonly stream: StreamIdentity;
  readonly environment: Readonly<Record<string, string>>;
  readonly #client: KinesisClient;
  readonly #processes: Running[] = [];
  readonly #here: Life[] = [];

  constructor(
    client: KinesisClient,
    stream: StreamIdentity,
    directory: string,
    config: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#client = client;
    this.stream = stream;
    this.store = join(directory, 'store');
    this.config = config;
    this.environment = environment;
  }

  /** What every run of the consumer is given. */
  get arguments(): readonly string[] {
    return ['mirror', 'run', '--stream', this.stream.name, '--store', this.store, '--config', this.config];
  }

  /** Events as EventBridge would put them, in their order. */
  async put(...events: readonly object[]): Promise<void> {
    const records = events.map((event) => ({ partitionKey: 'events', data: Buffer.from(JSON.stringify(event)) }));
    await putRecords(this.#client, this.stream, records, systemClock);
  }

  /** Whether a batch of events was worked on to its end. */
  async isRead(application = 'vpcflow-mirror'): Promise<boolean> {
    const checkpoints = openCheckpoints(stateDirectory(this.store, ''), application, this.stream);
    return (await checkpoints.get(SHARD))?.kind === 'after';
  }

  /** The consumer, until it is asked to end. */
  start(...more: readonly string[]): Life {
    const life = startHere([...this.arguments, ...more], this.environment);
    this.#here.push(life);
    return life;
  }

  /** The consumer as a process. */
  startProcess(...more: readonly string[]): Life & Running {
    const running = startVpcflow([...this.arguments, ...more], this.environment);
    this.#processes.push(running);
    return { ...running, interrupt: () => void running.process.kill('SIGTERM') };
  }

  /** Another action, to its end. */
  act(action: string, ...more: readonly string[]): Promise<Ended> {
    return runHere(['mirror', action, '--store', this.store, ...more], this.environment);
  }

  /** Resolves when the condition is true; rejects with what the consumer said when it ends before. */
  async until<T>(life: Life, what: string, condition: () => T | Promise<T>): Promise<void> {
    let ended: Ended | null = null;
    void life.ended.then((end) => {
      ended = end;
    });
    await until(what, async () => {
      if (await condition()) return true;
      if (ended !== null) throw new Error(`it ended before this happened: ${what}`);
      return false;
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${life.stderr()}`);
    });
  }

  /** Asked to end, it must end well. */
  async stop(life: Life): Promise<Ended> {
    life.interrupt();
    const ended = await life.ended;
    expect(ended.status, ended.stderr).toBe(0);
    return ended;
  }

  /** Ends what a test that failed has left. */
  async close(): Promise<void> {
    for (const { interrupt, ended } of this.#here) {
      interrupt();
      await ended;
    }
    for (const { process: child, ended } of this.#processes) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    }
  }
}
