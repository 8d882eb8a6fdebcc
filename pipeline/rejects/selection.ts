// Turns what a user asks for into the rejects that are meant, or says which reason is nearest to one that there is not.
import type { RejectCounts } from '../../schemas/counts.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { REJECT_REASONS, type Reject, type RejectReason } from '../../schemas/rejects.ts';
import { formatRuleMatches } from '../formats/format-choice.ts';

/** Which rejects are meant; null: whatever it is. */
export interface RejectSelection {
  readonly reason: RejectReason | null;
  /** A pattern: `*` is any run of characters. A reject without a log group matches none. */
  readonly logGroup: string | null;
}

/** How many letters must be changed, left out or put in to make one word of the other. */
const distance = (from: string, to: string): number => {
  let before = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (before[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(change, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = row;
  }
  return before[to.length] ?? 0;
};

/** The reason of that name. Throws VF_USAGE naming the nearest. */
export const reasonNamed = (name: string): RejectReason => {
  const given = name.trim().toLowerCase().replaceAll('-', '_');
  const known = REJECT_REASONS.find((reason) => reason === given);
  if (known !== undefined) return known;
  const [nearest] = [...REJECT_REASONS].sort((a, b) => distance(given, a) - distance(given, b));
  throw new VpcflowError('VF_USAGE', `--reason ${JSON.stringify(name)} is none; the nearest is ${nearest}`, {
    help: `the reasons are ${REJECT_REASONS.join(', ')}`,
  });
};

export const isSelected = ({ reason, logGroup }: RejectSelection, reject: Reject): boolean =>
  (reason === null || reject.reason === reason) &&
  (logGroup === null || (reject.log_group !== undefined && formatRuleMatches(logGroup, reject.log_group)));

/** Whether a source with these counts may have any: only then is its log read. */
export const mayHaveSelected = ({ reason }: RejectSelection, counts: RejectCounts): boolean =>
  counts.total > 0 && (reason === null || (counts.by_reason[reason] ?? 0) > 0);
