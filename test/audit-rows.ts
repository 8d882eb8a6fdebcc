// Reads the audit of mirroring in a store: all rows since a time, and a failure for what cannot be read.
import { listAudit, readAudit } from '../consumers/shared/mirroring/audit-files.ts';
import type { MirroringRow } from '../schemas/mirroring/audit-row.ts';
import type { ObjectStore } from '../schemas/store.ts';

/** @param from Unix ms; by whole hours */
export async function auditRows(store: ObjectStore, from = 0): Promise<readonly MirroringRow[]> {
  const all: MirroringRow[] = [];
  for await (const { rows, warning } of readAudit(store, listAudit(store, { from }))) {
    if (warning !== null) throw new Error(warning);
    all.push(...rows);
  }
  return all;
}
