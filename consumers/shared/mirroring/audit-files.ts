// Keeps the audit of mirroring in the store: two objects a plan, listed by time and read back.
import { hourPartition } from '../../../pipeline/keys.ts';
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

export interface AuditRange {
  /** Unix ms: of the plans' times, by whole hours, both inclusive. Without `to` there is no end. */
  readonly from: number;
  readonly to?: number;
  /** Only keys after this one. */
  readonly after?: string;
}

/** The objects of the plans of a time, by key: that is by hour, then by plan. */
export async function* listAudit(store: ObjectStore, range: AuditRange): AsyncIterable<ListedObject> {
  const first = `mirroring/${hourPartition(range.from)}/`;
  const last = range.to === undefined ? null : `mirroring/${hourPartition(range.to)}/`;
  const begin = range.after !== undefined && range.after > first ? range.after : first;
  for await (const object of store.list(PREFIX, { after: begin })) {
    if (last !== null && object.key.slice(0, last.length) > last) return;
    if (object.key.endsWith('.parquet')) yield object;
  }
}

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

/** All rows of a time, and what could not be read. */
export async function loadAudit(
  store: ObjectStore,
  range: AuditRange,
  signal?: AbortSignal,
): Promise<{
  readonly rows: readonly MirroringRow[];
  readonly warnings: readonly string[];
  readonly last: string | null;
}> {
  const rows: MirroringRow[] = [];
  const warnings: string[] = [];
  let last: string | null = range.after ?? null;
  for await (const object of readAudit(store, listAudit(store, range), signal)) {
    rows.push(...object.rows);
    if (object.warning !== null) warnings.push(object.warning);
    last = object.key;
  }
  return { rows, warnings, last };
}
