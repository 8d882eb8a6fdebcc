// Begins to answer a question: opens its window and takes the first piece of the body, again without a file that
// spoils it.
import { VpcflowError } from '../../../schemas/errors.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import { withoutDamage } from '../../shared/query/window/without-damage.ts';
import type { Piece, Question } from './question.ts';

export interface BegunAnswer {
  readonly source: WindowSource;
  /** The whole body, of which the first piece is there; null where the asker has the answer already. */
  readonly body: AsyncIterable<Piece> | null;
  /** Ends what still runs and lets the files go; to be called in any case, once or more often. */
  end(): Promise<void>;
}

/**
 * Rejects with what failed until the first piece is there; what fails later, the body throws. `isKnown` may say, before
 * anything is read, that the answer about a source needs no body.
 */
export async function beginAnswer(
  service: QueryService,
  question: Question,
  signal: AbortSignal,
  isKnown: (source: WindowSource) => boolean = () => false,
): Promise<BegunAnswer> {
  const { window, tables, lateness, overlapping = false } = question;
  const open = () =>
    question.open ? question.open(service, signal) : service.window(window, tables, { lateness, overlapping, signal });
  const begin = async (source: WindowSource): Promise<BegunAnswer> => {
    const body = isKnown(source) ? null : question.answer(service, source, signal)[Symbol.asyncIterator]();
    try {
      const first = await body?.next();
      signal.throwIfAborted();
      const end = async () => {
        try {
          await body?.return?.();
        } finally {
          source.release();
        }
      };
      return { source, body: body && first ? resumed(first, body, source, signal) : null, end };
    } catch (error) {
      await body?.return?.();
      throw error;
    }
  };
  return withoutDamage(open, begin, signal);
}

/** An object that spoils it later is named: the answer is broken off, and the next one is without it. */
async function* resumed(
  first: IteratorResult<Piece>,
  rest: AsyncIterator<Piece>,
  source: WindowSource,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  for (let next = first; !next.done; ) {
    yield next.value;
    try {
      next = await rest.next();
    } catch (cause) {
      const [key] = await source.spoiledBy(cause, signal);
      if (key === undefined) throw cause;
      const help = 'ask again: it is left out from now on; `vpcflow audit` says what the store lacks then';
      throw new VpcflowError('VF_STORE_CORRUPT', `${key} cannot be read: the answer is not whole`, { cause, help });
    }
  }
}
