// Keeps the audit of mirroring in the store: two objects a plan, listed by time and read back.
import { hourPartition } from '../../../pipeline/keys.ts';
import { HOUR_MS } from '../../../pipeline/window/window.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';
import type { Forwarder } from '../forward/forwarder.ts';
import { readAhead } from '../read-ahead.ts';
import { decodeRows, encodeRows } from './audit-parquet.ts';

const PREFIX = 'mirroring/date=';

/** Of what was decided and will be called; of what was answered. */
export type AuditHalf = 'before' | 'after';

/** `mirroring/date=2026-11-22/hour=02/<plan>-before.parquet`, of the time that the plan was made at. */
export const auditKey = (time: number, plan: string, half: AuditHalf): string =>
  `mirroring/${hourPartition(time)}/${plan}-${half}.parquet`;

export interface AuditPlace {
  /** Of the plan, Unix ms. */
  readonly time: number;
  readonly plan: string;
  readonly half: AuditHalf;
}

/**
 * Resolves when the rows are durable; `exists`: a plan of this id has been written, by another process or before. No
 * rows are no object. With `forward` they wait in its spool before they count, which never fails. Rejects with VF_STORE_*.
 */
export async function putAudit(
  store: ObjectStore,
  { time, plan, half }: AuditPlace,
  rows: readonly MirroringRow[],
  forward: Forwarder | null = null,
): Promise<'stored' | 'exists' | 'nothing'> {
  if (rows.length === 0) return 'nothing';
  const [key, body] = [auditKey(time, plan, half), await encodeRows(rows)];
  const staged = await forward?.stage({
    ...{ source: plan, commit: key, arrival: { first: time, min: time, max: time } },
    output: { objects: [{ key, table: 'mirroring', rows: rows.length, body }] },
  });
  const { outcome } = await store.put(key, body, { ifAbsent: true });
  await (outcome === 'stored' ? staged?.release() : staged?.discard());
  return outcome;
}

/** The day of UTC that an object of `listAudit` lies in, `2026-11-20`. */
export const auditDay = (key: string): string => key.slice(PREFIX.length, PREFIX.length + 'YYYY-MM-DD'.length);

export interface AuditRange {
  /** Unix ms: of the plans' times, by whole hours, inclusive. */
  readonly from: number;
  /** Days whose objects are left out. */
  readonly covered?: ReadonlySet<string>;
}

/** After so many objects that are left out, the listing begins anew behind them: as many as S3 lists at a time. */
const LEFT_OUT = 1000;

/** The objects of the plans since a time, by key: that is by hour, then by plan. */
export async function* listAudit(
  store: ObjectStore,
  { from, covered = new Set() }: AuditRange,
): AsyncIterable<ListedObject> {
  let after: string | null = `mirroring/${hourPartition(from)}/`;
  while (after !== null) {
    const begin = after;
    after = null;
    let leftOut = 0;
    for await (const object of store.list(PREFIX, { after: begin })) {
      const day = auditDay(object.key);
      if (covered.has(day)) leftOut++;
      else if (object.key.endsWith('.parquet')) yield object;
      if (leftOut >= LEFT_OUT && covered.has(day)) {
        after = endOf(day, covered);
        break;
      }
    }
  }
}

/** After every key of the day, and of the days after it that are left out too. */
function endOf(day: string, covered: ReadonlySet<string>): string {
  let last = day;
  for (let next = day; covered.has(next); next = dayAfter(next)) last = next;
  return `${PREFIX}${last}/~`;
}

const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 24 * HOUR_MS).toISOString().slice(0, 10);

export interface AuditObject {
  readonly key: string;
  readonly rows: readonly MirroringRow[];
  /** Why it could not be read, one sentence with its key; null: it could. */
  readonly warning: string | null;
}

/** Objects read at once: they are small, and what each costs is the way to the store. */
const AT_ONCE = 16;

/**
 * What lies in the objects, in their order. One that is no Parquet file of audit rows, or went while it was listed, is
 * named in its `warning`, and the others are read. Rejects with VF_STORE_* when the store cannot be reached, or with the signal's reason.
 */
export async function* readAudit(
  store: ObjectStore,
  objects: AsyncIterable<ListedObject> | Iterable<ListedObject>,
  signal?: AbortSignal,
): AsyncIterable<AuditObject> {
  yield* readAhead(objects, AT_ONCE, async ({ key }) => {
    signal?.throwIfAborted();
    const found = await store.get(key, signal === undefined ? {} : { signal });
    if (found === null) return { key, rows: [], warning: `${key} is not there any more, and is left out` };
    try {
      return { key, rows: await decodeRows(found.body), warning: null };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { key, rows: [], warning: `${key} cannot be read, and is left out: ${why}` };
    }
  });
}
