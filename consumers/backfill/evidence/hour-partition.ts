// Keeps what one hour partition of digests or coverage has of each feed, as far as it was listed and asked for.
import type { FeedEvidence } from '../../../pipeline/overlap/evidence.ts';
import type { Feed } from '../../../pipeline/overlap/feed.ts';
import type { MinuteSet } from '../../../pipeline/overlap/minute-set.ts';
import { sourceOfFile } from '../../../pipeline/overlap/source-name.ts';
import { isTableFile, type WindowTable } from '../../../pipeline/window/query-plan.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';
import { Gate } from '../../shared/gate.ts';
import { readMinutes } from './read-minutes.ts';
import type { SourceStandings } from './source-standing.ts';

const LOOKS_AT_ONCE = 16;

/** Files of one feed: those that still wait to be read, and the minutes of those that were. */
interface FeedFiles {
  waiting: ListedObject[];
  read: MinuteSet[];
}

export class HourPartition {
  readonly #store: ObjectStore;
  readonly #table: WindowTable;
  readonly #prefix: string;
  readonly #standings: SourceStandings;
  readonly #known = new Set<string>(); // keys
  readonly #feeds = new Map<Feed, FeedFiles>();
  #listed = Number.NEGATIVE_INFINITY; // Unix ms

  constructor(store: ObjectStore, table: WindowTable, partition: string, standings: SourceStandings) {
    this.#store = store;
    this.#table = table;
    this.#prefix = `${table}/${partition}/`;
    this.#standings = standings;
  }

  /** What its memory grows with: keys and masks. */
  get entries(): number {
    let entries = this.#known.size;
    for (const { read } of this.#feeds.values()) for (const { masks } of read) entries += masks;
    return entries;
  }

  /**
   * What feeds other than `own` have here. Listed again when that was longer ago than `maxAge` ms; a file is read once,
   * and never when it is of the own feed. To be called by one at a time.
   */
  async evidence(own: Feed, now: number, maxAge: number): Promise<readonly FeedEvidence[]> {
    if (now - this.#listed > maxAge) {
      await this.#list();
      this.#listed = now;
    }
    const evidence: FeedEvidence[] = [];
    for (const [feed, files] of this.#feeds) {
      if (feed === own) continue;
      const open = await this.#read(files);
      for (const minutes of files.read) evidence.push({ feed, open: false, minutes });
      if (open !== null) evidence.push({ feed, open: true, minutes: open });
    }
    return evidence;
  }

  async #list(): Promise<void> {
    const found: ListedObject[] = [];
    for await (const object of this.#store.list(this.#prefix)) {
      if (isTableFile(object) && !this.#known.has(object.key)) found.push(object);
    }
    const gate = new Gate(LOOKS_AT_ONCE);
    const feeds = await Promise.all(found.map(({ key }) => gate.pass(() => this.#standings.feed(sourceOfFile(key)))));
    for (const [i, object] of found.entries()) {
      this.#known.add(object.key);
      const files = this.#feeds.get(feeds[i]) ?? { waiting: [], read: [] };
      files.waiting.push(object);
      this.#feeds.set(feeds[i], files);
    }
  }

  /** Reads what waits; what is of open epochs goes on waiting, and its minutes are returned (null: none). */
  async #read(files: FeedFiles): Promise<MinuteSet | null> {
    if (files.waiting.length === 0) return null;
    const gate = new Gate(LOOKS_AT_ONCE);
    const standings = await Promise.all(
      files.waiting.map(({ key }) => gate.pass(() => this.#standings.standing(sourceOfFile(key)))),
    );
    const of = (standing: string): ListedObject[] => files.waiting.filter((_, i) => standings[i] === standing);
    const [counting, open] = [of('counts'), of('open')];
    if (counting.length > 0) files.read.push(await readMinutes(this.#store, this.#table, counting));
    files.waiting = open;
    return open.length === 0 ? null : readMinutes(this.#store, this.#table, open);
  }
}
