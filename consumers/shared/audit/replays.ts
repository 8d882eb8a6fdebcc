// Turns the claims of one source's replays into gaps: each committed as claimed, its rows lines of that source's rejects.

import { ReplayedRows } from '../../../pipeline/audit/replay-gaps.ts';
import { ReplayWalk } from '../../../pipeline/audit/replay-walk.ts';
import type { AuditSums } from '../../../pipeline/audit/sums.ts';
import { canonicalJson } from '../../../pipeline/canonical-json.ts';
import { parseReplayClaim } from '../../../pipeline/documents.ts';
import { commitKey, replaySource } from '../../../pipeline/keys.ts';
import { parseReject } from '../../../pipeline/rejects/reject-row.ts';
import type { Commit, ReplayClaim } from '../../../schemas/chain.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { rejectLogLines } from '../reject-log-lines.ts';
import type { ClaimCheck } from './claim-check.ts';
import { type ArrivalHours, isInHours } from './commit-list.ts';

export class ReplayAudit {
  readonly #store: ObjectStore;
  readonly #hours: ArrivalHours;
  readonly #sums: AuditSums;
  readonly #check: ClaimCheck;

  constructor(store: ObjectStore, hours: ArrivalHours, sums: AuditSums, check: ClaimCheck) {
    this.#store = store;
    this.#hours = hours;
    this.#sums = sums;
    this.#check = check;
  }

  /** @param source whose rejects are replayed. @param keys of all claims of its replays, in order. */
  async source(source: string, keys: readonly string[]): Promise<void> {
    const walk = new ReplayWalk(source);
    const replayed: ReplayedRows[] = [];
    let log: Commit | null = null;
    for await (const { key, claim, why } of this.#check.claims(keys, parseReplayClaim)) {
      if (claim === null) {
        this.#sums.gap({ source: `replays of ${source}`, what: 'readable claim', expected: key, found: why });
        continue;
      }
      if (!isInHours(this.#hours, claim.arrival.first)) return; // the arrival of all is that of the source
      const name = replaySource(source, claim.replay);
      const end = await this.#check.end(key, claim, name, claim.skip !== undefined);
      this.#sums.gap(...walk.next(claim, end));
      log ??= await this.#sourceOf(claim, name);
      if (log === null) continue;
      const commit = end === 'none' ? null : await this.#check.commitOf(claim.arrival, name);
      replayed.push(new ReplayedRows(claim, commit?.kind === 'commit' ? (commit.replays ?? null) : null));
    }
    if (walk.open !== null) this.#sums.open(walk.open);
    if (log !== null) await this.#rows(log, replayed);
  }

  /** The commit of whose rejects a replay takes some. */
  async #sourceOf(claim: ReplayClaim, name: string): Promise<Commit | null> {
    const commit = await this.#check.commitOf(claim.arrival, claim.source);
    if (commit?.kind !== 'commit') {
      const expected = commitKey(claim.arrival.first, claim.source);
      this.#sums.gap({ source: name, what: 'commit of the replayed source', expected, found: commit?.kind ?? null });
      return null;
    }
    const [arrival, found] = [canonicalJson(commit.arrival), canonicalJson(claim.arrival)];
    if (arrival !== found) this.#sums.gap({ source: name, what: 'arrival of the source', expected: arrival, found });
    return commit;
  }

  async #rows({ objects }: Commit, replayed: readonly ReplayedRows[]): Promise<void> {
    const key = objects.find(({ table }) => table === 'rejects')?.key;
    const stored = key === undefined ? null : await this.#store.get(key);
    if (key !== undefined && stored === null) return; // a gap of its commit
    let row = 0;
    try {
      for await (const lines of stored === null ? [] : rejectLogLines(stored.body)) {
        for (const line of lines) {
          const reject = parseReject(line);
          if (reject === null) return;
          for (const rows of replayed) rows.add(row, reject);
          row++;
        }
      }
    } catch {
      return; // its commit is said to have an object that cannot be read
    }
    for (const rows of replayed) this.#sums.gap(...rows.gaps());
  }
}
