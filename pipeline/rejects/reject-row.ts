// Turns one line of a reject log into the reject that it keeps, and a reject into the bytes that were rejected.
import { REJECT_REASONS, type Reject } from '../../schemas/rejects.ts';

const REASONS: ReadonlySet<unknown> = new Set(REJECT_REASONS);

const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';

/** The reject, or null where the line is none. */
export const parseReject = (line: string): Reject | null => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  // Not a schema of zod: there are millions of them, and what a reader relies on is looked at here.
  const row = value as Partial<Record<keyof Reject, unknown>>;
  const sound =
    REASONS.has(row.reason) &&
    (row.scope === 'line' || row.scope === 'envelope') &&
    [row.detail, row.source, row.log_group, row.format, row.raw, row.raw_base64].every(isText) &&
    (row.time === undefined || typeof row.time === 'number') &&
    typeof row.offset === 'number';
  return sound ? (value as Reject) : null;
};

/** What was rejected, as far as it is kept. */
export const rejectedBytes = ({ raw, raw_base64 }: Reject): Buffer =>
  raw === undefined ? Buffer.from(raw_base64 ?? '', 'base64') : Buffer.from(raw);

/** Why a reject can never be replayed: it is no line, or not the whole of one. */
export type Unreplayable = 'envelope' | 'cut';

export const whyNotReplayable = ({ scope, cut }: Reject): Unreplayable | null =>
  scope === 'envelope' ? 'envelope' : cut === true ? 'cut' : null;
