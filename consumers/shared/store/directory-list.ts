// Turns the files under a directory into objects in the order of their keys, without reading what a prefix excludes.
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedObject } from '../../../schemas/store.ts';
import { systemCode } from './failure.ts';
import { compareKeys } from './key.ts';

const STATS_AT_ONCE = 32;

/** What a directory entry contributes: a key, or (ending in `/`) the beginning of the keys below it. */
interface Entry {
  readonly key: string;
  readonly directory: boolean;
}

const isGone = (error: unknown): boolean => systemCode(error) === 'ENOENT';

const isDirectory = async (root: string, key: string, entry: Dirent): Promise<boolean | null> => {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(join(root, key)).catch((error: unknown) => {
    if (isGone(error)) return null;
    throw error;
  });
  return target === null ? null : target.isDirectory();
};

/** The entries of one directory in key order; a directory that is not there has none. */
const entriesOf = async (root: string, parent: string): Promise<readonly Entry[]> => {
  const found = await readdir(join(root, parent), { withFileTypes: true }).catch((error: unknown) => {
    if (isGone(error)) return [];
    throw error;
  });
  const entries: Entry[] = [];
  for (const entry of found) {
    if (parent === '' && entry.name.startsWith('.')) continue;
    const directory = await isDirectory(root, parent + entry.name, entry);
    // With its `/` a directory sorts among the files as the keys below it do.
    if (directory !== null) entries.push({ key: parent + entry.name + (directory ? '/' : ''), directory });
  }
  return entries.sort((a, b) => compareKeys(a.key, b.key));
};

/** Whether anything at or below an entry begins with the prefix and lies after `after`. */
const wanted = (entry: Entry, prefix: string, after: string | undefined): boolean => {
  const { key, directory } = entry;
  if (!key.startsWith(prefix) && !(directory && prefix.startsWith(key))) return false;
  if (after === undefined) return true;
  return compareKeys(key, after) > 0 || (directory && after.startsWith(key));
};

const listed = async (root: string, key: string): Promise<ListedObject | null> => {
  try {
    const { size, ino, mtimeNs, isFile } = await statBig(join(root, key));
    return isFile ? { key, size, tag: `${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}` } : null;
  } catch (error) {
    if (isGone(error)) return null; // removed since its directory was read
    throw error;
  }
};

const statBig = async (path: string) => {
  const found = await stat(path, { bigint: true });
  return { size: Number(found.size), ino: found.ino, mtimeNs: found.mtimeNs, isFile: found.isFile() };
};

/**
 * The files under `root` whose keys begin with `prefix`, ascending by UTF-8 bytes, strictly after `after`. A file that
 * is there from the beginning to the end is listed exactly once; one that comes or goes meanwhile may be.
 */
export async function* listDirectory(root: string, prefix: string, after?: string): AsyncIterable<ListedObject> {
  yield* below(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after);
}

async function* below(
  root: string,
  parent: string,
  prefix: string,
  after: string | undefined,
): AsyncIterable<ListedObject> {
  let files: string[] = [];
  async function* flush(): AsyncIterable<ListedObject> {
    const objects = await Promise.all(files.map((key) => listed(root, key)));
    files = [];
    for (const object of objects) if (object !== null) yield object;
  }
  for (const entry of await entriesOf(root, parent)) {
    if (!wanted(entry, prefix, after)) continue;
    if (entry.directory) {
      yield* flush();
      yield* below(root, entry.key, prefix, after);
    } else if (files.push(entry.key) >= STATS_AT_ONCE) yield* flush();
  }
  yield* flush();
}
