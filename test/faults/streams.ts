// A stream of several shards that are split and merged, and the independent count of all that was put on it.

import { IDENTITY_WINDOW } from '../../pipeline/epoch/identities.ts';
import type { ShardInfo } from '../../schemas/chain.ts';
import type { StreamRecord } from '../../schemas/processor.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { aggregateOf, controlMessage, type Payload, POISON } from './payloads.ts';
import { addressOf, envelope, random } from './world.ts';

const START = Date.UTC(2026, 10, 20, 5, 0, 30);
const BASE = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;

export interface Shard {
  readonly id: string;
  readonly parents: readonly Shard[];
  readonly records: StreamRecord[];
  /** Arrival of each envelope where it was last to be merged, by its number. */
  readonly merged: Map<number, number>; // ms
  closed: boolean;
}

/** What one put is: `again` delivers an envelope once more that the shard or its ancestors have. */
export type PutKind = 'flow' | 'again' | 'parts' | 'aggregate' | 'control' | 'poison';

const lineageOf = (shard: Shard): readonly Shard[] => [shard, ...shard.parents.flatMap(lineageOf)];

const increase = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

export class Streams {
  readonly random: () => number;
  readonly clock = new ManualClock(START);
  readonly shards: Shard[] = [];
  /** What the digests and commits must say in the end. */
  readonly expected = {
    flows: new Map<string, { flows: number; bytes: number }>(),
    reasons: new Map<string, number>(),
    records: 0,
    duplicates: 0,
    control: 0,
  };
  readonly #envelopes: Buffer[] = [];
  #sequence = 0n;
  #poison = 0;

  constructor(seed: number, shards = 1) {
    this.random = random(seed);
    for (let n = 0; n < shards; n++) this.#open([]);
  }

  #open(parents: readonly Shard[]): Shard {
    const id = `shardId-${String(this.shards.length).padStart(12, '0')}`;
    const shard: Shard = { id, parents, records: [], merged: new Map(), closed: false };
    this.shards.push(shard);
    return shard;
  }

  /** One of them, by chance. */
  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  get open(): readonly Shard[] {
    return this.shards.filter((shard) => !shard.closed);
  }

  get records(): readonly StreamRecord[] {
    return this.shards.flatMap((shard) => shard.records);
  }

  /** What ListShards shows now. */
  listed(): readonly ShardInfo[] {
    return this.shards.map(({ id, parents, closed }) => ({ shard: id, parents: parents.map((p) => p.id), closed }));
  }

  split(shard: Shard = this.pick(this.open)): readonly Shard[] {
    shard.closed = true;
    return [this.#open([shard]), this.#open([shard])];
  }

  /** Nothing, while only one shard is open. */
  merge(): readonly Shard[] {
    const one = this.pick(this.open);
    const others = this.open.filter((shard) => shard !== one);
    if (others.length === 0) return [];
    const other = this.pick(others);
    one.closed = true;
    other.closed = true;
    return [this.#open([one, other])];
  }

  /** Puts one payload on an open shard; it arrives now. */
  put(kind: PutKind = 'flow', shard: Shard = this.pick(this.open)): void {
    this.#put(this.#payload(kind, shard), shard);
  }

  /** Puts poison of one kind on the first open shard. */
  putPoison(kind: string): void {
    this.#put(POISON[kind]!(this.#poison++, this.#seconds), this.open[0]!);
  }

  get #seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  #put(payload: Payload, shard: Shard): void {
    const arrival = this.clock.now();
    this.#sequence += 7n;
    payload.data.forEach((data, subSequenceNumber) => {
      const sequenceNumber = String(BASE + this.#sequence);
      shard.records.push({ sequenceNumber, subSequenceNumber, partitionKey: 'p', data, arrival });
    });
    this.#count(payload, shard, arrival);
  }

  #payload(kind: PutKind, shard: Shard): Payload {
    const some = (count: number): number[] => Array.from({ length: count }, () => this.#new());
    const known = lineageOf(shard).flatMap(({ merged }) => [...merged.keys()]);
    switch (kind) {
      case 'control':
        return controlMessage(this.#poison++);
      case 'poison':
        return POISON[this.pick(Object.keys(POISON))]!(this.#poison++, this.#seconds);
      case 'parts':
      case 'aggregate': {
        const envelopes = some(2 + Math.floor(this.random() * 4));
        if (known.length > 0 && this.random() < 0.3) envelopes[0] = this.pick(known);
        const parts = envelopes.map((n) => this.#envelopes[n]!);
        return { data: kind === 'parts' ? parts : [aggregateOf(parts)], envelopes };
      }
      default: {
        const n = kind === 'again' && known.length > 0 ? this.pick(known) : this.#new();
        return { data: [this.#envelopes[n]!], envelopes: [n] };
      }
    }
  }

  #new(): number {
    const n = this.#envelopes.length;
    this.#envelopes.push(envelope(n, this.#seconds));
    return n;
  }

  #count({ data, envelopes, rejects = [], control = 0 }: Payload, shard: Shard, arrival: number): void {
    const { expected } = this;
    expected.records += data.length;
    expected.control += control;
    for (const reason of rejects) increase(expected.reasons, reason);
    for (const n of envelopes) {
      const known = lineageOf(shard).some(({ merged }) => arrival - (merged.get(n) ?? -Infinity) <= IDENTITY_WINDOW);
      if (known) {
        expected.duplicates++;
        continue;
      }
      shard.merged.set(n, arrival);
      const sum = expected.flows.get(addressOf(n)) ?? { flows: 0, bytes: 0 };
      expected.flows.set(addressOf(n), { flows: sum.flows + 1, bytes: sum.bytes + 100 + n });
    }
  }
}
