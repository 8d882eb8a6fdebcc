// Tells a store that has nothing under a key from one that is not there any more: moved away, or its volume unmounted.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VpcflowError } from '../../../schemas/errors.ts';
import { systemCode } from './failure.ts';
import { LAYOUT_KEY } from './key.ts';

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');

/**
 * What was once seen of a directory store has to be there as long as the store is: its directory, and `store.json`,
 * which alone tells the store from the empty directory that an unmounted volume leaves.
 */
export class StoreWitness {
  readonly #root: string;
  #sawRoot = false;
  #sawLayout = false;

  constructor(root: string) {
    this.#root = root;
  }

  /** An object was read or written. */
  saw(key: string): void {
    this.#sawRoot = true;
    this.#sawLayout ||= key === LAYOUT_KEY;
  }

  /** An object is to be removed. */
  forget(key: string): void {
    if (key === LAYOUT_KEY) this.#sawLayout = false;
  }

  /**
   * Whether the directory is there; false: it never was. Throws VF_STORE_UNREACHABLE where something that was seen is
   * gone, and what the file system does.
   */
  async confirm(doing: string): Promise<boolean> {
    const isThere = await this.#has('');
    if (!isThere && this.#sawRoot) throw this.#gone(doing, 'the directory');
    this.#sawRoot ||= isThere;
    if (this.#sawLayout && !(await this.#has(LAYOUT_KEY))) throw this.#gone(doing, LAYOUT_KEY);
    return isThere;
  }

  async #has(key: string): Promise<boolean> {
    try {
      const found = await stat(join(this.#root, key));
      return key !== '' || found.isDirectory();
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  #gone(doing: string, what: string): VpcflowError {
    return new VpcflowError(
      'VF_STORE_UNREACHABLE',
      `${this.#root}: cannot ${doing}: the store is gone, ${what} was there`,
      {
        help: 'mount the volume again, or move the directory back',
      },
    );
  }
}
