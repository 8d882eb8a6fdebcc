// One stream of the local Kinesis: what is put on it is counted here, its shards are split and merged.
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { systemClock } from '../../consumers/shared/clock.ts';
import {
  identifyStream,
  type KinesisPlace,
  kinesisClient,
  type StreamIdentity,
} from '../../consumers/shared/kinesis.ts';
import { putRecords } from '../../consumers/shared/kinesis-writer.ts';
import { until } from '../until.ts';
import type { HashRange } from './lease-table.ts';
import { type AddressSum, addCounts, NOTHING, type TestRecord } from './traffic.ts';

const active = (client: KinesisClient, name: string) =>
  until(`stream ${name} is active`, async () => {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    return StreamDescriptionSummary?.StreamStatus === 'ACTIVE';
  });

export class TestStream {
  readonly identity: StreamIdentity;
  readonly #client: KinesisClient;
  readonly #sums = new Map<string, AddressSum>();
  #count = NOTHING;
  #closed = false;

  private constructor(identity: StreamIdentity, client: KinesisClient) {
    this.identity = identity;
    this.#client = client;
  }

  static async create(place: KinesisPlace, name: string, shards: number): Promise<TestStream> {
    const client = kinesisClient(place);
    await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
    await active(client, name);
    return new TestStream(await identifyStream(client, name), client);
  }

  /** What came on it so far. */
  get count(): typeof NOTHING {
    return this.#count;
  }

  /** By source address. */
  get sums(): ReadonlyMap<string, AddressSum> {
    return this.#sums;
  }

  /** Puts records, in order, and counts them; no more of them once the stream is closed. */
  async put(records: readonly TestRecord[]): Promise<void> {
    for (let at = 0; at < records.length && !this.#closed; at += 100) {
      const some = records.slice(at, at + 100);
      await putRecords(this.#client, this.identity, some, systemClock);
      for (const { count, sums } of some) {
        this.#count = addCounts(this.#count, count);
        for (const [address, sum] of sums) this.#sums.set(address, sum);
      }
    }
  }

  /** The shards that take records, with their hash keys, in the order of these. */
  async shards(): Promise<readonly HashRange[]> {
    const { Shards = [] } = await this.#client.send(new ListShardsCommand({ StreamARN: this.identity.arn }));
    return Shards.filter((shard) => shard.SequenceNumberRange?.EndingSequenceNumber === undefined)
      .map((shard) => ({
        shard: shard.ShardId ?? '',
        from: BigInt(shard.HashKeyRange?.StartingHashKey ?? 0),
        to: BigInt(shard.HashKeyRange?.EndingHashKey ?? 0),
      }))
      .sort((one, other) => (one.from < other.from ? -1 : 1));
  }

  /** Splits a shard in its middle; resolves when the stream has the children. */
  async split({ shard, from, to }: HashRange): Promise<void> {
    const NewStartingHashKey = String((from + to) / 2n);
    await this.#client.send(
      new SplitShardCommand({ StreamARN: this.identity.arn, ShardToSplit: shard, NewStartingHashKey }),
    );
    await active(this.#client, this.identity.name);
  }

  /** Merges two shards that lie beside each other. */
  async merge({ shard }: HashRange, other: HashRange): Promise<void> {
    await this.#client.send(
      new MergeShardsCommand({
        StreamARN: this.identity.arn,
        ShardToMerge: shard,
        AdjacentShardToMerge: other.shard,
      }),
    );
    await active(this.#client, this.identity.name);
  }

  close(): void {
    this.#closed = true;
  }
}
