// Answers which interface-minutes of an hour other feeds have in a store, and keeps what it learned of each hour.
import { hourPartition } from '../../../pipeline/keys.ts';
import type { FeedEvidence } from '../../../pipeline/overlap/evidence.ts';
import type { Feed } from '../../../pipeline/overlap/feed.ts';
import type { WindowTable } from '../../../pipeline/window/query-plan.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { HourPartition } from './hour-partition.ts';
import { SourceStandings } from './source-standing.ts';

/** A partition is listed again when that was longer ago. */
const MAX_AGE = 60_000; // ms
/** Keys and masks that are kept, about 150 bytes each; past it the partitions that were not asked for the longest go. */
const MAX_ENTRIES = 200_000;
const HOUR = 3_600_000; // ms

interface Slot {
  readonly partition: HourPartition;
  /** The last call of it, as one at a time may ask. */
  turn: Promise<unknown>;
}

export class StoreEvidence {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #standings: SourceStandings;
  readonly #maxEntries: number;
  readonly #slots = new Map<string, Slot>(); // least recently used first

  constructor(store: ObjectStore, clock: Clock, maxEntries = MAX_ENTRIES) {
    this.#store = store;
    this.#clock = clock;
    this.#standings = new SourceStandings(store);
    this.#maxEntries = maxEntries;
  }

  /** The label of an object that is about to be written, so that its claim needs not be read. */
  learn(identity: string, label: string): void {
    this.#standings.learn(identity, label);
  }

  /**
   * What feeds other than `own` have of an hour (Unix seconds / 3600): rows of its digests and coverage, and coverage of
   * the hour before, whose lines may reach into it. Two lists for the first hour, and a third for the coverage before.
   * Throws VF_STORE_*.
   */
  async ofHour(hour: number, own: Feed): Promise<readonly FeedEvidence[]> {
    const found = await Promise.all([
      this.#ask('digests', hour, own),
      this.#ask('coverage', hour, own),
      this.#ask('coverage', hour - 1, own),
    ]);
    this.#evict();
    return found.flat();
  }

  #ask(table: WindowTable, hour: number, own: Feed): Promise<readonly FeedEvidence[]> {
    const place = `${table}/${hour}`;
    const slot = this.#slots.get(place) ?? {
      partition: new HourPartition(this.#store, table, hourPartition(hour * HOUR), this.#standings),
      turn: Promise.resolve(),
    };
    this.#slots.delete(place);
    this.#slots.set(place, slot);
    const asked = slot.turn.then(() => slot.partition.evidence(own, this.#clock.now(), MAX_AGE));
    slot.turn = asked.catch(() => undefined);
    return asked;
  }

  #evict(): void {
    let entries = 0;
    for (const { partition } of this.#slots.values()) entries += partition.entries + 1;
    for (const [place, { partition }] of this.#slots) {
      if (entries <= this.#maxEntries) return;
      entries -= partition.entries + 1;
      this.#slots.delete(place);
    }
  }
}
