// What it takes to read listed objects as local files; the objects of a directory store are such files already.
import { join, resolve } from 'node:path';
import type { ListedObject } from '../../../../schemas/store.ts';
import { noTotals, type QueryTotals } from '../query-stats.ts';

export interface HeldFile {
  readonly object: ListedObject;
  readonly path: string;
}

/** Local files of objects, good until `release`. */
export interface HeldFiles {
  readonly files: readonly HeldFile[]; // in the order of the objects
  readonly paths: readonly string[]; // of `files`
  release(): void;
}

export interface ObjectFiles {
  /** The directory below which all files lie. */
  readonly directory: string;
  /** What was read, for whoever plans and fetches to add to. */
  readonly totals: QueryTotals;
  /** Rejects with VF_STORE_* and VF_CACHE; an object that vanished since it was listed is left out. */
  hold(objects: readonly ListedObject[], signal?: AbortSignal): Promise<HeldFiles>;
  close(): Promise<void>;
}

export const heldFiles = (files: readonly HeldFile[], release: () => void): HeldFiles => ({
  files,
  paths: files.map(({ path }) => path),
  release,
});

/** The objects of a directory store are files already. */
export function filesInPlace(root: string, totals: QueryTotals = noTotals()): ObjectFiles {
  const directory = resolve(root);
  return {
    directory,
    totals,
    hold: async (objects) =>
      heldFiles(
        objects.map((object) => ({ object, path: join(directory, object.key) })),
        () => {},
      ),
    close: async () => {},
  };
}
