// Turns the SOURCE operands (files and directories) into the list of files to read, in one order wherever it runs.
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VpcflowError } from '../../schemas/errors.ts';

export interface SourceFile {
  /** Absolute path: the name under which the content is recorded. */
  readonly path: string;
  readonly size: number; // bytes, when it was listed
}

export interface Sources {
  readonly files: readonly SourceFile[];
  /** What was named and cannot be read, each on its own. */
  readonly problems: readonly VpcflowError[];
}

const isUri = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);

const unreadable = (path: string, cause: unknown): VpcflowError =>
  new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read ${path}`, { cause });

/** The directory of a store, if it lies in one that exists; [] otherwise. */
const localDirectory = async (store: string): Promise<readonly string[]> => {
  if (isUri(store) && !store.startsWith('file:')) return [];
  const path = store.startsWith('file:') ? fileURLToPath(store) : store;
  return realpath(path).then(
    (real) => [real],
    () => [],
  );
};

/**
 * Every regular file among and below the operands, once, in the order of the operands and then of the names (code
 * units). Links are followed, directories are entered once; names that begin with a dot are left out below a directory.
 * @param store the URI of the store that is written to: where it lies below an operand, it is no source.
 */
export const listSources = async (operands: readonly string[], store: string): Promise<Sources> => {
  const files = new Map<string, SourceFile>();
  const problems: VpcflowError[] = [];
  const entered = new Set<string>(await localDirectory(store));

  const visit = async (path: string): Promise<void> => {
    try {
      const found = await stat(path);
      if (!found.isDirectory()) {
        if (!found.isFile()) throw new Error('neither a file nor a directory');
        if (!files.has(path)) files.set(path, { path, size: found.size });
        return;
      }
      const real = await realpath(path);
      if (entered.has(real)) return;
      entered.add(real);
      const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
      for (const name of names) await visit(join(path, name));
    } catch (error) {
      problems.push(unreadable(path, error));
    }
  };

  for (const operand of operands) {
    if (isUri(operand)) {
      const help = 'copy the objects to a directory first, for example with `aws s3 sync`';
      problems.push(new VpcflowError('VF_SOURCE_UNREADABLE', `${operand}: only local files can be read`, { help }));
    } else {
      await visit(resolve(operand));
    }
  }
  return { files: [...files.values()], problems };
};
