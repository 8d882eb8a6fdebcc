// Turns one rejects object into how many rejects of each reason it keeps.

import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ENVELOPE_REASONS, LINE_REASONS, type RejectReason } from '../../../schemas/rejects.ts';

const REASONS: ReadonlyMap<string, RejectReason> = new Map(
  [...LINE_REASONS, ...ENVELOPE_REASONS].map((reason) => [reason, reason]),
);

export type RejectFacts = ReadonlyMap<RejectReason, number> | { readonly unreadable: string };

const reasonOf = (line: string): RejectReason | null => {
  const reject: unknown = JSON.parse(line);
  if (typeof reject !== 'object' || reject === null || !('reason' in reject)) return null;
  return REASONS.get(String(reject.reason)) ?? null;
};

/** Counts the lines of gzip NDJSON by their reason, without holding the text. */
export const rejectFacts = async (body: Buffer): Promise<RejectFacts> => {
  const counts = new Map<RejectReason, number>();
  const count = (line: string): void => {
    const reason = reasonOf(line);
    if (reason === null) throw new Error('a line of it is no reject');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  };
  try {
    let rest = '';
    const text = Readable.from([body]).pipe(createGunzip()).setEncoding('utf8');
    for await (const chunk of text) {
      // Not readline: it takes U+2028 inside a reject for the end of a line.
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(count);
    }
    if (rest !== '') throw new Error('its last line breaks off');
    return counts;
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
};
