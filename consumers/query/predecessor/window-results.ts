// Finds, reads and writes the results of windows in the store, and the notes beside those that may be missing something.
import { createHash } from 'node:crypto';
import {
  type IncompleteNote,
  isOutdated,
  noteBytes,
  parseNote,
  type WindowState,
} from '../../../pipeline/predecessor/job-plan.ts';
import { incompleteKey, type ResultKind, resultKey } from '../../../pipeline/predecessor/window-id.ts';
import { DEFAULT_LATENESS_MS, progressCompleteness } from '../../../pipeline/window/completeness.ts';
import { isTableFile, windowPrefixes } from '../../../pipeline/window/query-plan.ts';
import type { Window } from '../../../schemas/query.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { loadProgress } from '../../shared/query/window/progress.ts';
import type { Produced } from './produce.ts';

/** A window, what is made of it, and its id. */
export interface Wanted {
  readonly kind: ResultKind;
  readonly window: Window;
  readonly id: string;
}

export interface StoredResult {
  readonly body: Buffer;
  /** What is known of a result that was not complete when it was made; null: it was. */
  readonly note: IncompleteNote | null;
}

/** null: there is none. */
export async function readResult(store: ObjectStore, { kind, id }: Wanted): Promise<StoredResult | null> {
  const stored = await store.get(resultKey(kind, id));
  return stored === null ? null : { body: stored.body, note: await readNote(store, id) };
}

async function readNote(store: ObjectStore, id: string): Promise<IncompleteNote | null> {
  const note = await store.get(incompleteKey(id));
  return note === null ? null : parseNote(note.body);
}

/** Whether there is a result that need not be made again; the result itself is not read. */
export async function hasResult(store: ObjectStore, wanted: Wanted): Promise<boolean> {
  if (!(await isThere(store, wanted))) return false;
  const note = await readNote(store, wanted.id);
  return note === null || !isOutdated(note, await windowState(store, wanted.window));
}

async function isThere(store: ObjectStore, { kind, id }: Wanted): Promise<boolean> {
  const key = resultKey(kind, id);
  for await (const object of store.list(key)) if (object.key === key) return true;
  return false;
}

/** What can be known of a window without reading it. Progress is read before objects are listed, as for an answer. */
export async function windowState(store: ObjectStore, window: Window): Promise<WindowState> {
  const progress = await loadProgress(store);
  const { complete } = progressCompleteness(progress, window.stop, DEFAULT_LATENESS_MS, 0);
  const hash = createHash('sha256');
  for (const prefix of windowPrefixes('digests', window)) {
    for await (const object of store.list(prefix)) {
      if (isTableFile(object)) hash.update(`${object.key}\n${object.tag}\n`);
    }
  }
  return { complete, inputs: hash.digest('hex') };
}

/**
 * Writes a result over the one with the tag `before`, or where there is none (null); a result that another server wrote
 * in between stays. `state` was read before the window was. The note lies there before an incomplete result does and as
 * long as it does, so that a crash anywhere leaves none without it.
 */
export async function writeResult(
  store: ObjectStore,
  { kind, id }: Wanted,
  { body, complete }: Produced,
  state: WindowState,
  before: string | null,
): Promise<void> {
  if (complete !== true) await store.put(incompleteKey(id), noteBytes({ ...state, answer: complete }));
  const put = await store.put(resultKey(kind, id), body, before === null ? { ifAbsent: true } : { ifMatch: before });
  if (complete === true && put.outcome === 'stored') await store.remove(incompleteKey(id));
}
