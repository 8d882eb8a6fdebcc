// Turns what a listing meets into counts, for the summary and the dry run: what was asked, taken and left out.

export interface DayFacts {
  objects: number;
  bytes: number;
}

/** Where the name of an object does not tell it. */
export const UNTOLD = '-';

/** Grows while sources are listed. What is counted by day has one entry for each account, region and day. */
export class ListingFacts {
  /** LIST requests answered, pages included. */
  requests = 0;
  /** HEAD requests answered: one for each s3:// operand that may be a key. */
  heads = 0;
  /** Prefixes that were listed. */
  prefixes = 0;
  /** Sources given, and their bytes. */
  objects = 0;
  bytes = 0;
  /** Of them, those whose name does not tell its time, account or region although the selection asks for it. */
  unknown = 0;
  /** Left out by the selection: objects that were listed, and prefixes that were not. */
  prunedObjects = 0;
  prunedPrefixes = 0;
  /** Objects and prefixes of other services below AWSLogs, as far as they were met. */
  siblings = 0;
  /** Empty objects and markers of folders. */
  empty = 0;
  /** By `<account> <region> <YYYY-MM-DD>`, each part UNTOLD where the name does not tell it. */
  readonly days = new Map<string, DayFacts>();

  #day = Number.NaN; // days since 1970, of the object before
  #dayText = '';

  take(size: number, account: string | null, region: string | null, time: number | null): void {
    this.objects++;
    this.bytes += size;
    const key = `${account ?? UNTOLD} ${region ?? UNTOLD} ${time === null ? UNTOLD : this.#dayOf(time)}`;
    const facts = this.days.get(key) ?? { objects: 0, bytes: 0 };
    facts.objects++;
    facts.bytes += size;
    this.days.set(key, facts);
  }

  #dayOf(time: number): string {
    const day = Math.floor(time / 86_400_000);
    if (day !== this.#day) this.#dayText = new Date(time).toISOString().slice(0, 10);
    this.#day = day;
    return this.#dayText;
  }
}
