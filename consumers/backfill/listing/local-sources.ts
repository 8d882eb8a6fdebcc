// Turns an operand that is a path into the files that it names: itself, or what lies below it.
import { isUtf8 } from 'node:buffer';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeKey, keyReader } from '../../../pipeline/s3-layout/key.ts';
import type { Selection } from '../../../pipeline/s3-layout/selection.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { SourceObject } from '../source-object.ts';
import type { ListingFacts } from './listing-facts.ts';
import { SourceError } from './source-error.ts';

const unreadable = (path: string, cause: unknown): SourceError =>
  new SourceError(path, new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read ${path}`, { cause }));

/** To be read again by its directory, since no operand can name it. */
const notUtf8 = (path: string): SourceError => {
  const help = 'rename it: names of objects are recorded in UTF-8';
  return new SourceError(
    dirname(path),
    new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read ${path}: its name is not UTF-8`, { help }),
  );
};

const noFile = (path: string): SourceError => {
  const help = 'check the path: files whose names begin with a dot, and those of the store, are no sources';
  return new SourceError(path, new VpcflowError('VF_SOURCE_UNREADABLE', `there is no file in ${path}`, { help }));
};

/** Names of a directory, in the order of code units; of one that is not UTF-8 only what is left of it is given. */
const entriesOf = async (path: string): Promise<readonly { readonly name: string; readonly isUtf8: boolean }[]> =>
  (await readdir(path, { encoding: 'buffer' }))
    .map((bytes) => ({ name: bytes.toString(), isUtf8: isUtf8(bytes) }))
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** The directory of a store, if it lies in one that exists. */
const localDirectory = async (store: string): Promise<readonly string[]> => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(store) && !store.startsWith('file:')) return [];
  return realpath(store.startsWith('file:') ? fileURLToPath(store) : store).then(
    (real) => [real],
    () => [],
  );
};

/**
 * The part of a path that may be a key of a bucket: from AWSLogs on, otherwise what lies below the operand. (Above it a
 * directory `2026/11` may mean anything.)
 */
const keyOf = (path: string, operand: string): string => {
  const root = path.lastIndexOf('/AWSLogs/');
  if (root >= 0) return path.slice(root + 1);
  return path === operand ? basename(path) : relative(operand, path);
};

/** The files of this machine: each is given once, whatever operands name it, and links are followed. */
export class LocalSources {
  readonly #selection: Selection;
  readonly #facts: ListingFacts;
  readonly #store: string;
  readonly #read = keyReader();
  readonly #named = new Set<string>(); // files that are operands
  readonly #entered = new Map<string, string>(); // directories: how they were named, by where they are
  readonly #names = new Set<string>(); // the same, as they were named
  #met = false; // below the operand: anything but directories and the store

  /** @param store URI of the store that is written to: where it lies below an operand, it is no source. */
  constructor(selection: Selection, facts: ListingFacts, store: string) {
    this.#selection = selection;
    this.#facts = facts;
    this.#store = store;
  }

  /**
   * Every regular file at or below an absolute path, in the order of the names (code units). Names that begin with a dot
   * are left out below a directory. What cannot be read is given as a problem in its place, and so is an operand below
   * which there is no file but those of the store.
   */
  async *at(operand: string): AsyncGenerator<SourceObject | SourceError> {
    if (this.#entered.size === 0) for (const real of await localDirectory(this.#store)) this.#entered.set(real, '');
    this.#met = false;
    for await (const found of this.#visit(operand, operand)) {
      this.#met = true;
      yield found;
    }
    if (!this.#met) yield noFile(operand);
  }

  async *#visit(path: string, operand: string): AsyncGenerator<SourceObject | SourceError> {
    let entries: Awaited<ReturnType<typeof entriesOf>>;
    try {
      const found = await stat(path);
      if (!found.isDirectory()) {
        if (!found.isFile()) throw new Error('neither a file nor a directory');
        this.#met = true;
        const source = this.#file(path, operand, found.size);
        if (source !== null) yield source;
        return;
      }
      const real = await realpath(path);
      if (this.#entered.has(real)) {
        this.#met ||= this.#entered.get(real) !== '';
        return;
      }
      this.#entered.set(real, path);
      this.#names.add(path);
      entries = await entriesOf(path);
    } catch (error) {
      yield unreadable(path, error);
      return;
    }
    for (const { name, isUtf8: known } of entries) {
      if (known) yield* this.#visit(join(path, name), operand);
      else yield notUtf8(join(path, name));
    }
  }

  #file(path: string, operand: string, size: number): SourceObject | null {
    if (path === operand) {
      const hidden = basename(path).startsWith('.');
      if (this.#named.has(path) || (!hidden && this.#names.has(dirname(path)))) return null;
      this.#named.add(path);
    } else if (this.#named.has(path)) {
      return null;
    }
    const key = keyOf(path, operand);
    const given = path === operand ? key : keyOf(join(operand, '.x'), operand).slice(0, -2);
    const told = this.#read(key);
    const verdict = judgeKey(told, this.#selection, given);
    if (verdict === 'sibling') this.#facts.siblings++;
    if (verdict === 'pruned') this.#facts.prunedObjects++;
    if (verdict === 'sibling' || verdict === 'pruned') return null;
    if (verdict === 'unknown') this.#facts.unknown++;
    this.#facts.take(size, told.account, told.region, told.time?.from ?? null);
    return { kind: 'file', name: path, size };
  }
}
