// Answers a question of the command line: opens the store, prints the body, and says on stderr when it is not complete.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { remark } from '../../../pipeline/window/answer-head.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { CommandContext } from '../../shared/command.ts';
import { openStoreToRead } from '../../shared/query/read-store.ts';
import { openQueryService } from '../../shared/query/service.ts';
import { serviceLimits } from '../../shared/query/service-limits.ts';
import { systemCode } from '../../shared/store/failure.ts';
import { isTerminal } from '../../shared/terminal.ts';
import { beginAnswer } from '../questions/begin-answer.ts';
import type { Piece, Question } from '../questions/question.ts';

/** The exit status. */
export async function printAnswer(context: CommandContext, question: Question): Promise<number> {
  const { stdout, stderr, options, clock, signal } = context;
  if (question.binary && isTerminal(stdout)) {
    throw new VpcflowError('VF_USAGE', 'this format is no text for a terminal', { help: 'redirect it to a file' });
  }
  const store = await openStoreToRead(options.store);
  const service = await openQueryService({ store, clock, ...serviceLimits(options) });
  try {
    const { source, body, end } = await beginAnswer(service, question, signal);
    try {
      await write(body ?? [], stdout);
    } finally {
      await end();
    }
    const said = remark(source.completeness, question.about?.(source).remark ?? null);
    if (said !== '') stderr.write(said);
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    stderr.write('vpcflow: interrupted; what was printed is not the whole answer\n');
    return 1;
  } finally {
    await service.close();
  }
}

async function write(body: AsyncIterable<Piece> | Iterable<Piece>, stdout: NodeJS.WritableStream): Promise<void> {
  try {
    await pipeline(Readable.from(body), stdout, { end: false });
  } catch (error) {
    // Whoever reads us has enough: `vpcflow rows … | head` is no failure.
    if (systemCode(error) !== 'EPIPE') throw error;
  }
}
