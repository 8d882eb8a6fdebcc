// Turns some commits into the gaps between what they state of their objects and what the objects hold.
import { type FoundTables, gapUnless, tableGaps } from '../../../pipeline/audit/commit-gaps.ts';
import { decodeIdentities } from '../../../pipeline/epoch/identity-file.ts';
import { hourPartition } from '../../../pipeline/keys.ts';
import type { AuditGap } from '../../../schemas/audit.ts';
import type { Commit, CommittedObject, ObjectTable } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { RejectReason } from '../../../schemas/rejects.ts';
import type { ListedObject, ObjectStore, StoredObject } from '../../../schemas/store.ts';
import type { ObjectListing } from './object-listing.ts';
import type { Fact, ParquetFacts, ParquetReader, ParquetTable } from './parquet-facts.ts';
import { rejectFacts } from './reject-facts.ts';

export interface CheckedCommit {
  readonly commit: Commit;
  readonly gaps: readonly AuditGap[];
  /** Rows that its digests were found to have. */
  readonly rows: bigint;
}

const PARQUET: readonly ParquetTable[] = ['digests', 'coverage', 'events'];

const isParquet = (table: ObjectTable): table is ParquetTable => PARQUET.some((t) => t === table);

/** What is found of one commit while its objects are read. */
class Finding {
  readonly commit: Commit;
  readonly gaps: AuditGap[] = [];
  readonly listed = new Map<CommittedObject, ListedObject>();
  readonly incomplete = new Set<ObjectTable>();
  readonly rejects = new Map<RejectReason, number>();
  readonly sums = new Map<ParquetTable, [bigint, bigint, bigint]>();
  readonly rows = new Map<ParquetTable, bigint>();

  constructor(commit: Commit) {
    this.commit = commit;
  }

  /** An object that is not what the commit states; its table's sums say nothing any more. */
  spoiled({ key, table }: CommittedObject, what: string, found: string | null): void {
    this.gaps.push({ source: this.commit.source, what, expected: key, found });
    this.incomplete.add(table);
  }

  compare(object: CommittedObject, what: string, expected: number | string, found: number | bigint | string): void {
    this.gaps.push(...gapUnless(this.commit.source, `${what} of ${object.key}`, expected, found));
  }

  found(): FoundTables {
    const [flows, packets, bytes] = this.sums.get('digests') ?? [0n, 0n, 0n];
    const [nodata, skipdata] = this.sums.get('coverage') ?? [0n, 0n, 0n];
    return {
      digests: { rows: this.rows.get('digests') ?? 0n, flows, packets, bytes },
      coverage: { nodata, skipdata },
      rejects: this.rejects,
      events: this.rows.get('events') ?? 0n,
      incomplete: this.incomplete,
    };
  }
}

export class ObjectCheck {
  readonly #store: ObjectStore;
  readonly #listing: ObjectListing;
  readonly #parquet: ParquetReader;

  constructor(store: ObjectStore, listing: ObjectListing, parquet: ParquetReader) {
    this.#store = store;
    this.#listing = listing;
    this.#parquet = parquet;
  }

  /** Reads every object of the commits; the results are in their order. */
  async check(commits: readonly Commit[]): Promise<readonly CheckedCommit[]> {
    const findings = commits.map((commit) => new Finding(commit));
    for (const finding of findings) await this.#objects(finding);
    for (const table of PARQUET) await this.#rows(table, findings);
    return findings.map((finding) => {
      const found = finding.found();
      const gaps = [...finding.gaps, ...tableGaps(finding.commit, found)];
      return { commit: finding.commit, gaps, rows: found.digests.rows };
    });
  }

  /** Existence and size of all objects of a commit; what the small ones hold. */
  async #objects(finding: Finding): Promise<void> {
    for (const object of finding.commit.objects) {
      if (object.table === 'identities') {
        await this.#identities(finding, object);
        continue;
      }
      const listed = this.#listing.name(object.key);
      if (listed === null) finding.spoiled(object, 'missing object', null);
      else if (listed === 'again') finding.spoiled(object, 'object of one commit only', 'another names it, too');
      else {
        finding.compare(object, 'size', object.bytes, listed.size);
        finding.listed.set(object, listed);
        if (object.table === 'rejects') await this.#rejects(finding, object);
        if (object.table === 'raw') finding.compare(object, 'rows', object.rows, 1);
      }
    }
  }

  async #identities(finding: Finding, object: CommittedObject): Promise<void> {
    const stored = await this.#get(finding, object);
    if (stored === null) return;
    finding.compare(object, 'size', object.bytes, stored.body.length);
    try {
      finding.compare(object, 'rows', object.rows, decodeIdentities(object.key, stored.body).length);
    } catch (error) {
      if (!(error instanceof VpcflowError)) throw error;
      finding.spoiled(object, 'readable object', error.message);
    }
  }

  async #rejects(finding: Finding, object: CommittedObject): Promise<void> {
    const stored = await this.#get(finding, object);
    if (stored === null) return;
    const facts = await rejectFacts(stored.body);
    if ('unreadable' in facts) {
      finding.spoiled(object, 'readable object', facts.unreadable);
      return;
    }
    let rows = 0;
    for (const [reason, count] of facts) {
      rows += count;
      finding.rejects.set(reason, (finding.rejects.get(reason) ?? 0) + count);
    }
    finding.compare(object, 'rows', object.rows, rows);
  }

  async #get(finding: Finding, object: CommittedObject): Promise<StoredObject | null> {
    const stored = await this.#store.get(object.key);
    if (stored === null) finding.spoiled(object, 'missing object', null);
    return stored;
  }

  /** What the rows of one table hold, for all commits in as few queries as possible. */
  async #rows(table: ParquetTable, findings: readonly Finding[]): Promise<void> {
    const listed = findings.flatMap(({ listed }) => [...listed].flatMap(([o, l]) => (o.table === table ? [l] : [])));
    if (listed.length === 0) return;
    const facts = await this.#parquet.read(table, listed);
    for (const finding of findings) {
      for (const object of finding.listed.keys()) {
        if (object.table === table && isParquet(object.table)) {
          addFact(finding, object, object.table, facts.get(object.key));
        }
      }
    }
  }
}

const addFact = (finding: Finding, object: CommittedObject, table: ParquetTable, fact: Fact | undefined): void => {
  if (fact === undefined || 'unreadable' in fact) {
    finding.spoiled(object, 'readable object', fact?.unreadable ?? null);
    return;
  }
  finding.compare(object, 'rows', object.rows, fact.rows);
  comparePartition(finding, object, fact);
  const sums = finding.sums.get(table) ?? [0n, 0n, 0n];
  finding.sums.set(table, [sums[0] + fact.sums[0], sums[1] + fact.sums[1], sums[2] + fact.sums[2]]);
  finding.rows.set(table, (finding.rows.get(table) ?? 0n) + fact.rows);
};

/** Rows outside the hour of their partition would never be found by a window. */
const comparePartition = (finding: Finding, object: CommittedObject, { first, last }: ParquetFacts): void => {
  if (first === null || last === null) return;
  const [, date, hour] = object.key.split('/');
  for (const minute of [first, last]) {
    const partition = hourPartition(minute);
    if (partition === `${date}/${hour}`) continue;
    finding.compare(object, 'hour of the rows', `${date}/${hour}`, partition);
    return;
  }
};
