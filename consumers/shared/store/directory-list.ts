// Turns the files under a directory into objects in the order of their keys, without reading what a prefix excludes.
import type { Dirent } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ListedObject } from '../../../schemas/store.ts';
import { failureReason, systemCode } from './failure.ts';
import { compareKeys } from './key.ts';

const STATS_AT_ONCE = 32;

/** What a directory entry contributes: a key, or (ending in `/`) the beginning of the keys below it. */
interface Entry {
  readonly key: string;
  readonly directory: boolean;
}

const isGone = (error: unknown): boolean => systemCode(error) === 'ENOENT';

/** A link that leads nowhere or to itself: an object was to be there, and its data is missing. */
const isLost = (error: unknown): boolean => isGone(error) || systemCode(error) === 'ELOOP';

/** By its name an object of a table, whatever lies there. */
const isNamedAsObject = (key: string): boolean => key.endsWith('.parquet');

const cannotList = (key: string, why: string): VpcflowError =>
  new VpcflowError('VF_STORE_UNREACHABLE', `${key} cannot be listed: ${why}`);

const isDirectory = async (root: string, key: string, entry: Dirent): Promise<boolean> => {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return (await stat(join(root, key))).isDirectory();
  } catch (error) {
    if (isLost(error)) return false;
    throw cannotList(key, failureReason(error));
  }
};

/** The entries of one directory in key order; a directory that is not there has none. */
const entriesOf = async (root: string, parent: string): Promise<readonly Entry[]> => {
  const found = await readdir(join(root, parent), { withFileTypes: true }).catch(async (error: unknown) => {
    if (!isGone(error)) throw error;
    await refuseDeadLink(root, parent);
    return [];
  });
  const entries: Entry[] = [];
  for (const entry of found) {
    if (parent === '' && entry.name.startsWith('.')) continue;
    const key = parent + entry.name;
    const directory = await isDirectory(root, key, entry);
    if (!directory || isNamedAsObject(key)) entries.push({ key, directory: false });
    // With its `/` a directory sorts among the files as the keys below it do.
    if (directory) entries.push({ key: `${key}/`, directory: true });
  }
  return entries.sort((a, b) => compareKeys(a.key, b.key));
};

/** What lies behind a link that leads nowhere is not absent, but missing. Throws VF_STORE_UNREACHABLE that names it. */
async function refuseDeadLink(root: string, parent: string): Promise<void> {
  for (let key = parent.replace(/\/$/, ''); key !== '' && key !== '.'; key = dirname(key)) {
    const found = await lstat(join(root, key)).catch(() => null);
    if (found?.isSymbolicLink()) {
      const leads = await stat(join(root, key)).catch(() => null);
      if (leads === null) throw cannotList(key, 'it is a symbolic link that leads nowhere');
    }
    if (found !== null) return;
  }
}

/** Whether anything at or below an entry begins with the prefix and lies after `after`. */
const wanted = (entry: Entry, prefix: string, after: string | undefined): boolean => {
  const { key, directory } = entry;
  if (!key.startsWith(prefix) && !(directory && prefix.startsWith(key))) return false;
  if (after === undefined) return true;
  return compareKeys(key, after) > 0 || (directory && after.startsWith(key));
};

/** A directory in the place of an object, and a link that leads nowhere, have the size 0: whoever reads them fails. */
const listed = async (root: string, key: string): Promise<ListedObject | null> => {
  const path = join(root, key);
  try {
    const found = await stat(path, { bigint: true }).catch((error: unknown) => {
      if (isLost(error)) return lstat(path, { bigint: true });
      throw error;
    });
    if (!found.isFile() && !found.isSymbolicLink() && !isNamedAsObject(key)) return null;
    // Opening a pipe would wait for its writer.
    if (!found.isFile() && !found.isSymbolicLink() && !found.isDirectory()) throw cannotList(key, 'it is no file');
    const size = found.isFile() ? Number(found.size) : 0;
    const { ino, mtimeNs } = found;
    return { key, size, tag: `${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}` };
  } catch (error) {
    if (isGone(error)) return null; // removed since its directory was read
    throw error;
  }
};

/**
 * The files under `root` whose keys begin with `prefix`, ascending by UTF-8 bytes, strictly after `after`. A file that
 * is there from the beginning to the end is listed exactly once; one that comes or goes meanwhile may be. Throws
 * VF_STORE_UNREACHABLE that names a link or a special file behind which objects are missing, else what the file system does.
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
