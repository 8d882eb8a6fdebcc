// A local Kinesis, a faulty one in front of it, and `vpcflow firehose` processes that put there, for the tests of one file.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { type LocalKinesis, localClient, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../../consumers/shared/embedded/local-stream.ts';
import { type Running, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { type FaultyKinesis, startFaultyKinesis } from './faulty-kinesis.ts';
import { closeConnections, KEY } from './firehose-client.ts';

export interface StartedEndpoint extends Running {
  readonly url: string;
}

export class EndpointBed {
  readonly directory: string;
  readonly client: KinesisClient;
  readonly faulty: FaultyKinesis;
  readonly #kinesis: LocalKinesis;
  readonly #running = new Set<Running>();

  private constructor(directory: string, kinesis: LocalKinesis, faulty: FaultyKinesis) {
    this.directory = directory;
    this.#kinesis = kinesis;
    this.client = localClient(kinesis);
    this.faulty = faulty;
  }

  static async make(): Promise<EndpointBed> {
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-firehose-'));
    await writeFile(join(directory, 'keys'), `# the key of the test\n${KEY}\n`, { mode: 0o600 });
    const kinesis = await startLocalKinesis(null);
    return new EndpointBed(directory, kinesis, await startFaultyKinesis(kinesis.place.endpoint));
  }

  /** Variables that lead to the local Kinesis, or to the faulty one. */
  environment(faulty: boolean): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL_KINESIS: faulty ? this.faulty.endpoint : this.#kinesis.place.endpoint,
      AWS_REGION: this.#kinesis.place.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
  }

  async stream(name: string): Promise<void> {
    await ensureStream(this.client, name, 2, systemClock);
  }

  start(args: readonly string[], faulty: boolean): Running {
    const started = startVpcflow(args, this.environment(faulty));
    this.#running.add(started);
    void started.ended.then(() => this.#running.delete(started));
    return started;
  }

  /** An endpoint that listens. */
  async endpoint(stream: string, port = '0', ...more: readonly string[]): Promise<StartedEndpoint> {
    const keys = ['--access-key-file', join(this.directory, 'keys')];
    const started = this.start(
      ['firehose', '--stream', stream, '--port', port, ...keys, '--drain', '0s', ...more],
      true,
    );
    const url = await until('the endpoint listens', () => /(http:\S+)\/firehose puts on/.exec(started.stderr())?.[1]);
    return { ...started, url };
  }

  async end(): Promise<void> {
    closeConnections();
    const left = [...this.#running];
    for (const one of left) one.process.kill('SIGKILL');
    await Promise.all(left.map(({ ended }) => ended));
    await this.faulty.stop();
    this.client.destroy();
    await this.#kinesis.stop();
    await rm(this.directory, { recursive: true });
  }
}
