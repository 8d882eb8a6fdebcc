// Turns one shard of a Kinesis stream into batches of records, from a checkpoint on, through whatever the service answers.
import {
  ExpiredIteratorException,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  InvalidArgumentException,
  type KinesisClient,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from '@aws-sdk/client-kinesis';
import type { Clock } from '../../../schemas/clock.ts';
import type { StreamRecord } from '../../../schemas/processor.ts';
import { type StreamIdentity, streamError } from '../kinesis.ts';
import type { Checkpoint } from './checkpoints.ts';

/** One read. `ended`: the shard is closed and this was the last of it. */
export interface ShardRead {
  readonly records: readonly StreamRecord[];
  readonly millisBehindLatest: number | null;
  readonly ended: boolean;
}

/** Records of one read: the service itself bounds a read at 10 MiB. */
const MAX_RECORDS = 2_000;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 8_000;
/** Failures in a row (after the SDK's own retries) after which the stream counts as gone: about a minute. */
const MAX_FAILURES = 10;

type Position = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'>;

const isThrottled = (error: unknown): boolean =>
  error instanceof ProvisionedThroughputExceededException ||
  (error instanceof Error && error.name === 'LimitExceededException');

/** The same bytes, not a copy. */
const asBuffer = (data: Uint8Array | undefined): Buffer =>
  data === undefined ? Buffer.alloc(0) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const atTime = (at: number | null): Position =>
  at === null ? { ShardIteratorType: 'TRIM_HORIZON' } : { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(at) };

/** Where reading goes on, best first; the next is tried when the stream does not know the one before. */
const positions = (checkpoint: Exclude<Checkpoint, { kind: 'end' }>): readonly Position[] => {
  if (checkpoint.kind === 'start') return [atTime(checkpoint.at), atTime(null)];
  const after: Position = {
    ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
    StartingSequenceNumber: checkpoint.sequenceNumber,
  };
  return [after, ...(checkpoint.arrival === null ? [] : [atTime(checkpoint.arrival)]), atTime(null)];
};

export class ShardReader {
  readonly #client: KinesisClient;
  readonly #stream: StreamIdentity;
  readonly #shard: string;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #checkpoint: Exclude<Checkpoint, { kind: 'end' }>;
  #iterator: string | undefined;

  constructor(
    client: KinesisClient,
    stream: StreamIdentity,
    shard: string,
    from: Exclude<Checkpoint, { kind: 'end' }>,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#stream = stream;
    this.#shard = shard;
    this.#checkpoint = from;
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * Finds where reading begins. `known`: right after the checkpoint; `earlier`: the stream does not know that number
   * (a local one may have lost it), so at its arrival time or the oldest record. Null when the signal was aborted.
   */
  async open(): Promise<'known' | 'earlier' | null> {
    return await this.#patiently(async () => {
      const { iterator, choice } = await this.#position();
      this.#iterator = iterator;
      return choice === 0 ? 'known' : 'earlier';
    });
  }

  /**
   * The next records, in order; none at the tip. Waits out throttling and expired iterators; rejects with VF_STREAM
   * when the stream cannot be read for about a minute. Null when the signal was aborted.
   */
  async read(): Promise<ShardRead | null> {
    return await this.#patiently(async () => {
      this.#iterator ??= (await this.#position()).iterator;
      const answer = await this.#client.send(
        new GetRecordsCommand({ ShardIterator: this.#iterator, Limit: MAX_RECORDS, StreamARN: this.#stream.arn }),
        { abortSignal: this.#signal },
      );
      return this.#take(answer);
    });
  }

  async #patiently<T>(request: () => Promise<T>): Promise<T | null> {
    let failures = 0;
    for (let attempt = 0; !this.#signal.aborted; attempt++) {
      try {
        return await request();
      } catch (error) {
        if (this.#signal.aborted) return null;
        if (error instanceof ExpiredIteratorException) {
          this.#iterator = undefined;
          continue;
        }
        // Throttling is no failure: it ends by waiting.
        if (!isThrottled(error)) failures += 1;
        if (failures >= MAX_FAILURES) {
          throw streamError(`shard ${this.#shard} of ${this.#stream.name} cannot be read`, error);
        }
        await this.#clock.sleep(Math.min(FIRST_BACKOFF_MS * 2 ** attempt, MAX_BACKOFF_MS), this.#signal);
      }
    }
    return null;
  }

  #take(answer: GetRecordsCommandOutput): ShardRead {
    const records = (answer.Records ?? []).map(
      (record): StreamRecord => ({
        sequenceNumber: record.SequenceNumber ?? '',
        subSequenceNumber: 0,
        partitionKey: record.PartitionKey ?? '',
        data: asBuffer(record.Data),
        arrival: record.ApproximateArrivalTimestamp?.getTime() ?? this.#clock.now(),
      }),
    );
    const last = records.at(-1);
    // An expired iterator is opened again after what was delivered, not after what was checkpointed.
    if (last !== undefined) {
      this.#checkpoint = { kind: 'after', sequenceNumber: last.sequenceNumber, arrival: last.arrival };
    }
    this.#iterator = answer.NextShardIterator;
    return {
      records,
      millisBehindLatest: answer.MillisBehindLatest ?? null,
      ended: answer.NextShardIterator === undefined || answer.NextShardIterator === null,
    };
  }

  /** An iterator at the best position that the stream knows, and which of the positions that is. */
  async #position(): Promise<{ readonly iterator: string | undefined; readonly choice: number }> {
    let refused: unknown;
    for (const [choice, position] of positions(this.#checkpoint).entries()) {
      try {
        const answer = await this.#client.send(
          new GetShardIteratorCommand({ StreamARN: this.#stream.arn, ShardId: this.#shard, ...position }),
          { abortSignal: this.#signal },
        );
        return { iterator: answer.ShardIterator, choice };
      } catch (error) {
        const unknown = error instanceof InvalidArgumentException || error instanceof ResourceNotFoundException;
        if (!unknown) throw error;
        refused = error;
      }
    }
    throw refused;
  }
}
