// Turns one rejects object into how many rejects of each reason it keeps.
import { parseReject } from '../../../pipeline/rejects/reject-row.ts';
import type { RejectReason } from '../../../schemas/rejects.ts';
import { rejectLogLines } from '../reject-log-lines.ts';

export type RejectFacts = ReadonlyMap<RejectReason, number> | { readonly unreadable: string };

/** Counts the lines of gzip NDJSON by their reason, without holding the text. */
export const rejectFacts = async (body: Buffer): Promise<RejectFacts> => {
  const counts = new Map<RejectReason, number>();
  try {
    for await (const lines of rejectLogLines(body)) {
      for (const line of lines) {
        const reject = parseReject(line);
        if (reject === null) throw new Error('a line of it is no reject');
        counts.set(reject.reason, (counts.get(reject.reason) ?? 0) + 1);
      }
    }
    return counts;
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
};
