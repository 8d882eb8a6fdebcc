// Turns what the windows of a question hold into its lane: by bytes, because those are known before anything is read.
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ListedObject } from '../../../schemas/store.ts';
import type { ObjectFiles } from './cache/object-files.ts';
import type { Lane } from './query-stats.ts';

/** Some half a million rows, whose graph takes a core about a second. */
const LARGE_BYTES = 8 * 1024 ** 2;

const MIB = 1024 ** 2;

interface Question {
  readonly seen: Set<string>; // objects, each counted once however often it is held
  bytes: number;
}

/** A question is known by its signal. */
export class QuestionSizes {
  readonly #maxBytes: number | null;
  readonly #questions = new WeakMap<AbortSignal, Question>();

  /** `maxBytes` is what one question may hold; null: anything. */
  constructor(maxBytes: number | null) {
    this.#maxBytes = maxBytes;
  }

  lane(signal: AbortSignal | undefined): Lane {
    const bytes = (signal && this.#questions.get(signal)?.bytes) ?? 0;
    return bytes < LARGE_BYTES ? 'small' : 'large';
  }

  /** The same files, but what is held counts for the question that holds it. */
  counted(files: ObjectFiles): ObjectFiles {
    const { directory, totals } = files;
    return {
      ...{ directory, totals, close: () => files.close() },
      hold: async (objects, signal) => {
        const question = this.#question(signal);
        const fresh = objects.filter(({ key, tag }) => !question.seen.has(`${key} ${tag}`));
        this.#add(question, fresh);
        const held = await files.hold(objects, signal);
        totals.objects += fresh.length;
        totals.bytes += fresh.reduce((sum, { size }) => sum + size, 0);
        return held;
      },
    };
  }

  #question(signal: AbortSignal | undefined): Question {
    const question = (signal && this.#questions.get(signal)) ?? { seen: new Set(), bytes: 0 };
    if (signal) this.#questions.set(signal, question);
    return question;
  }

  #add(question: Question, objects: readonly ListedObject[]): void {
    const bytes = objects.reduce((sum, { size }) => sum + size, question.bytes);
    if (this.#maxBytes !== null && bytes > this.#maxBytes) {
      const [needed, allowed] = [Math.ceil(bytes / MIB), Math.floor(this.#maxBytes / MIB)];
      throw new VpcflowError('VF_LIMIT', `the objects of this window need ${needed} MiB of the cache`, {
        help: `ask for a smaller window, or raise --cache-size (${allowed} MiB)`,
      });
    }
    for (const { key, tag } of objects) question.seen.add(`${key} ${tag}`);
    question.bytes = bytes;
  }
}
