// Turns a window into the id and the keys under which its digest and its graph lie in the store.
import { createHash } from 'node:crypto';
import type { Window } from '../../schemas/query.ts';

/** What the predecessors' API makes of a window: the lines of vpcflow-digesterd, the graph of vpcflow-grapherd. */
export const RESULT_KINDS = ['digest', 'graph'] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

const ENDINGS: Readonly<Record<ResultKind, string>> = { digest: '.log.gz', graph: '.dot' };

/** A name-based UUID of version 5: RFC 9562, section 5.5. `namespace` has 16 bytes. */
export function uuid5(namespace: Uint8Array, name: string): Buffer {
  const id = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  id[6] = (id[6] & 0x0f) | 0x50; // version
  id[8] = (id[8] & 0x3f) | 0x80; // variant
  return id;
}

const NIL = Buffer.alloc(16);
const NAMESPACES: Readonly<Record<ResultKind, Uint8Array>> = {
  digest: uuid5(NIL, 'digest'),
  graph: uuid5(NIL, 'graph'),
};

/** `2026-11-20 05:00:00 +0000 UTC`: Go's Time.String of whole seconds in UTC. */
const goTime = (ms: number): string => {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000 UTC`;
};

/**
 * The id that the predecessors give to a window whose times are given in UTC: a version 5 UUID in the namespace of the
 * kind, of start and stop as Go writes them (computeID in pkg/handlers/v1 of vpcflow-digesterd and vpcflow-grapherd).
 * Theirs differs for every offset in which the same times are written; here a window has one id.
 */
export function windowId(kind: ResultKind, { start, stop }: Window): string {
  const hex = uuid5(NAMESPACES[kind], goTime(start) + goTime(stop)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export const resultKey = (kind: ResultKind, id: string): string => `windows/${id}${ENDINGS[kind]}`;
/** There while a job for the window is under way: the predecessors' name for it. */
export const markerKey = (id: string): string => `windows/${id}_in_progress`;
/** There beside a result that was made before its window was complete. */
export const incompleteKey = (id: string): string => `windows/${id}_incomplete`;
