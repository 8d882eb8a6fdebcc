// A stream on the local Kinesis with what a run of the shard runner on it needs, for the tests of one file.
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { Checkpoints } from '../../../../consumers/shared/embedded/checkpoints.ts';
import { ensureStream } from '../../../../consumers/shared/embedded/local-stream.ts';
import { runShards } from '../../../../consumers/shared/embedded/runner.ts';
import { identifyStream, type StreamIdentity } from '../../../../consumers/shared/kinesis.ts';
import { storedRegister } from '../../../../consumers/shared/shard-register.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import type { Recording } from './recording-processor.ts';

/** A stream of its own for each test, with what a run on it needs. */
export class Bed {
  readonly client: KinesisClient;
  readonly stream: StreamIdentity;
  readonly store = new MemoryStore();
  readonly checkpoints: Checkpoints;
  /** Whether the store is told of the shards. */
  registered = true;
  readonly #runs: { readonly stop: AbortController; readonly done: Promise<unknown> }[] = [];

  private constructor(client: KinesisClient, stream: StreamIdentity, directory: string) {
    this.client = client;
    this.stream = stream;
    this.checkpoints = new Checkpoints(new DirectoryStore(directory), 'test', stream.id);
  }

  /** Creates the stream; checkpoints are kept in `directory`. */
  static async make(client: KinesisClient, name: string, shards: number, directory: string): Promise<Bed> {
    await ensureStream(client, name, shards, systemClock);
    return new Bed(client, await identifyStream(client, name), directory);
  }

  async put(texts: readonly string[]): Promise<readonly string[]> {
    const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: text }));
    const answer = await this.client.send(new PutRecordsCommand({ StreamName: this.stream.name, Records }));
    return (answer.Records ?? []).map((record) => record.SequenceNumber ?? '');
  }

  /** Starts a run; `stop` asks it to end and resolves (or rejects) as the run does. */
  run(
    recording: Recording,
    at: number | null = null,
    rewind = false,
  ): { done: Promise<void>; stop: () => Promise<void> } {
    const stop = new AbortController();
    const done = runShards({
      client: this.client,
      stream: this.stream,
      register: this.registered ? storedRegister(this.store, this.client, this.stream, systemClock) : null,
      checkpoints: this.checkpoints,
      from: { at },
      rewind,
      createProcessor: () => recording.of(),
      clock: systemClock,
      signal: stop.signal,
    });
    this.#runs.push({ stop, done: done.catch(() => {}) });
    return {
      done,
      stop: async () => {
        stop.abort();
        await done;
      },
    };
  }

  async end(): Promise<void> {
    for (const { stop } of this.#runs) stop.abort();
    await Promise.all(this.#runs.map(({ done }) => done));
  }
}
