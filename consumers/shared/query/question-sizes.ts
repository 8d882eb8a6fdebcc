// Turns what the windows of a question hold into its lane: by bytes, because those are known before anything is read.
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ListedObject } from '../../../schemas/store.ts';
import type { ObjectFiles } from './object-files.ts';
import type { Lane } from './query-stats.ts';

/** Some two million rows, which a core takes about a second for. */
export const LARGE_BYTES = 32 * 1024 ** 2;

const MIB = 1024 ** 2;

/** A question is known by its signal. */
export class QuestionSizes {
  readonly #maxBytes: number | null;
  readonly #bytes = new WeakMap<AbortSignal, number>();

  /** `maxBytes` is what one question may hold; null: anything. */
  constructor(maxBytes: number | null) {
    this.#maxBytes = maxBytes;
  }

  lane(signal: AbortSignal | undefined): Lane {
    return ((signal && this.#bytes.get(signal)) ?? 0) < LARGE_BYTES ? 'small' : 'large';
  }

  /** The same files, but what is held counts for the question that holds it. */
  counted(files: ObjectFiles): ObjectFiles {
    return {
      directory: files.directory,
      totals: files.totals,
      hold: async (objects, signal) => {
        const bytes = objects.reduce((sum, { size }) => sum + size, 0);
        this.#add(objects, bytes, signal);
        const held = await files.hold(objects, signal);
        files.totals.objects += held.files.length;
        files.totals.bytes += held.files.reduce((sum, { object }) => sum + object.size, 0);
        return held;
      },
      close: () => files.close(),
    };
  }

  #add(objects: readonly ListedObject[], bytes: number, signal: AbortSignal | undefined): void {
    const all = bytes + ((signal && this.#bytes.get(signal)) ?? 0);
    if (this.#maxBytes !== null && all > this.#maxBytes) {
      const [needed, allowed] = [Math.ceil(all / MIB), Math.floor(this.#maxBytes / MIB)];
      throw new VpcflowError(
        'VF_LIMIT',
        `the ${objects.length} objects of this window need ${needed} MiB of the cache`,
        {
          help: `ask for a smaller window, or raise --cache-size (${allowed} MiB)`,
        },
      );
    }
    if (signal) this.#bytes.set(signal, all);
  }
}
