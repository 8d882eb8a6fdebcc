// Keeps for each day of the audit of mirroring that is over one object with the rows that answers need of it.
import { DaySummary } from '../../../pipeline/mirror-audit/day-summary.ts';
import { HOUR_MS } from '../../../pipeline/window/window.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';
import { auditDay, listAudit, readAudit } from './audit-files.ts';
import { encodeRows } from './audit-parquet.ts';

/**
 * Not below `mirroring/`, where whoever reads the table by a pattern would have these rows twice. Another number where
 * answers need other rows: what has an older one is not read, and is written anew.
 */
const PREFIX = 'summaries/mirroring/v1/';
const NAME = /^(\d{4}-\d{2}-\d{2})\.parquet$/;

/** Of a day that is over for so long nobody writes anything any more, also not with a clock that is behind. */
const SETTLED = 6 * HOUR_MS;

/** A day of UTC, `2026-11-20`. */
export const summaryKey = (day: string): string => `${PREFIX}${day}.parquet`;

/** The objects by day, ascending. Each has audit rows, as the objects of the plans do. */
export async function listSummaries(store: ObjectStore): Promise<ReadonlyMap<string, ListedObject>> {
  const summaries = new Map<string, ListedObject>();
  for await (const object of store.list(PREFIX)) {
    const [, day] = NAME.exec(object.key.slice(PREFIX.length)) ?? [];
    if (day !== undefined) summaries.set(day, object);
  }
  return summaries;
}

/**
 * Writes what is missing, of days that are over at `now` (Unix ms) and have an audit; resolves with the days. The same
 * day gives the same rows, whoever does it, and is written once. A day of which an object cannot be read has no summary: who
 * asks then reads its objects, and is told. Rejects with VF_STORE_* or the signal's reason; what is written counts.
 */
export async function summarizeDays(store: ObjectStore, now: number, signal: AbortSignal): Promise<readonly string[]> {
  const written: string[] = [];
  const today = new Date(now - SETTLED).toISOString().slice(0, 10);
  const covered = new Set((await listSummaries(store)).keys());
  let day: string | null = null;
  let objects: ListedObject[] = [];
  const end = async (): Promise<void> => {
    if (day !== null && (await summarizeDay(store, day, objects, signal))) written.push(day);
    objects = [];
  };
  for await (const object of listAudit(store, { from: 0, covered })) {
    const next = auditDay(object.key);
    if (next >= today) break;
    if (next !== day) await end();
    day = next;
    objects.push(object);
  }
  await end();
  return written;
}

async function summarizeDay(
  store: ObjectStore,
  day: string,
  objects: readonly ListedObject[],
  signal: AbortSignal,
): Promise<boolean> {
  const summary = new DaySummary();
  for await (const { rows, warning } of readAudit(store, objects, signal)) {
    if (warning !== null) return false;
    for (const row of rows) summary.add(row);
  }
  const { outcome } = await store.put(summaryKey(day), await encodeRows(summary.rows()), { ifAbsent: true });
  return outcome === 'stored';
}
