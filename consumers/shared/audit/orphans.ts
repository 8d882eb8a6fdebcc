// Turns what no claim or no commit accounts for into gaps, unless it belongs to a link that is still open or has expired.
import type { AuditSums } from '../../../pipeline/audit/sums.ts';
import { parseClaim, parsePartClaim, parseReplayClaim } from '../../../pipeline/documents.ts';
import { claimKey, partClaimKey, replayClaimKey } from '../../../pipeline/keys.ts';
import type { ArrivalSpan } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { readCommit } from '../epoch-writer.ts';
import type { KnownChain } from './chains.ts';
import type { ObjectListing } from './object-listing.ts';

const SOURCE =
  /\/((?:replay-\d{6}-)?(?:[^/]+-after-\d{56}|backfill-[0-9a-f]{64}-\d{6}))(?:(?:\.\d+)?\.parquet|\.ndjson\.gz|-\d+\.raw)$/;
const STREAM = /^(.+)-after-(\d{56})$/;
const REPLAY = /^replay-(\d{6})-(.+)$/;
const PART = /^backfill-([0-9a-f]{64})-(\d{6})$/;

/** The source that an object of a table is named after, or null for a name that no writer gives. */
const sourceOfObject = (key: string): string | null => SOURCE.exec(key)?.[1] ?? null;

/** What is known of a source: when its claim says that it arrived, that its claim has expired or cannot be read, or nothing. */
type Claimed = ArrivalSpan | 'expired' | 'unreadable' | null;

export class OrphanAudit {
  readonly #store: ObjectStore;
  readonly #chains: ReadonlyMap<string, KnownChain>;
  readonly #sums: AuditSums;
  #shards: Set<string> | null = null; // that have a watermark; listed when it is first asked for
  readonly #expired = new Map<string, number>(); // by chain: how many commits or objects are older than its claims

  constructor(store: ObjectStore, chains: ReadonlyMap<string, KnownChain>, sums: AuditSums) {
    this.#store = store;
    this.#chains = chains;
    this.#sums = sums;
  }

  /** Commits whose claims the walk did not meet. */
  async commits(sources: Iterable<string>): Promise<void> {
    for (const source of sources) {
      const claimed = await this.#claimed(source);
      if (claimed === null)
        this.#sums.gap({ source, what: 'missing claim', expected: 'the claim of the commit', found: null });
    }
  }

  /**
   * Objects that no listed commit names. `listed` knows the sources of the listed commits; with `onlyThose` an object of
   * any other source is not judged, because its commit lies outside the hours.
   */
  async objects(listing: ObjectListing, listed: ReadonlySet<string>, onlyThose: boolean): Promise<void> {
    for await (const key of listing.unnamed()) {
      const source = sourceOfObject(key);
      if (source !== null && !listed.has(source)) {
        if (onlyThose || (await this.#mayStand(source))) continue;
      }
      this.#sums.gap({ source: source ?? key, what: 'object that no commit names', expected: null, found: key });
    }
  }

  /** Says what has expired; to be called at the end. */
  finish(): void {
    for (const [name, count] of this.#expired) {
      this.#sums.expired(`${count} commits or objects of ${name} are older than its first kept claim`);
    }
  }

  /** Whether an object of a source without a listed commit may be there: claimed and not given up, or from before. */
  async #mayStand(source: string): Promise<boolean> {
    const claimed = await this.#claimed(source);
    if (claimed === null) return false;
    if (typeof claimed === 'string') return true; // it is said elsewhere
    const younger = await readCommit(this.#store, claimed, source);
    if (younger === null) this.#sums.open(source);
    return true;
  }

  async #claimed(source: string): Promise<Claimed> {
    const [, replay, replayed] = REPLAY.exec(source) ?? [];
    if (replayed !== undefined) return this.#arrival(replayClaimKey(replayed, Number(replay)), parseReplayClaim);
    const [, identity, part] = PART.exec(source) ?? [];
    if (identity !== undefined) return this.#arrival(partClaimKey(identity, Number(part)), parsePartClaim);
    const [, name = '', after = ''] = STREAM.exec(source) ?? [];
    const chain = this.#chains.get(name);
    if (chain !== undefined && after >= chain.beginning) {
      return this.#arrival(claimKey(chain.stream, chain.shard, BigInt(after).toString()), parseClaim);
    }
    // A shard without any claim was read once if it has a watermark: those are kept for ever.
    if (chain === undefined && !(await this.#hasWatermark(name))) return null;
    this.#expired.set(name, (this.#expired.get(name) ?? 0) + 1);
    return 'expired';
  }

  async #arrival(
    key: string,
    parse: (key: string, body: Buffer) => { readonly arrival: ArrivalSpan },
  ): Promise<ArrivalSpan | 'unreadable' | null> {
    const stored = await this.#store.get(key);
    if (stored === null) return null;
    try {
      return parse(key, stored.body).arrival;
    } catch (error) {
      if (error instanceof VpcflowError && error.code === 'VF_STORE_CORRUPT') return 'unreadable';
      throw error;
    }
  }

  async #hasWatermark(name: string): Promise<boolean> {
    if (this.#shards === null) {
      this.#shards = new Set();
      for await (const { key } of this.#store.list('watermarks/')) {
        const [, stream, file = ''] = key.split('/');
        this.#shards.add(`${stream}-${file.slice(0, -'.json'.length)}`);
      }
    }
    return this.#shards.has(name);
  }
}
