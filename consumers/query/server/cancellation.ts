// Turns a request into a signal that says when its answer is not wanted any more.
import type { FastifyReply } from 'fastify';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { RouteServices } from './route.ts';

/** Aborts when the client goes away, the time is over or the server stops; `done` when the answer is whole. */
export function cancellation(
  reply: FastifyReply,
  { query, queryTimeout, stopping, metrics }: RouteServices,
): { readonly signal: AbortSignal; readonly done: () => void } {
  const abort = new AbortController();
  const finished = new AbortController();
  const cancel = (reason: 'client' | 'timeout' | 'shutdown', error: Error) => {
    if (finished.signal.aborted || abort.signal.aborted) return;
    metrics.meter.count('queriesCancelled', 1, { reason });
    abort.abort(error);
    // A client that has stopped reading would hold what it has not read for ever.
    if (reply.raw.headersSent) reply.raw.destroy();
  };
  const stop = () => cancel('shutdown', new VpcflowError('VF_BUSY', 'this server is stopping'));
  stopping.addEventListener('abort', stop, { signal: finished.signal });
  if (stopping.aborted) stop();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) cancel('client', new VpcflowError('VF_QUERY', 'the client went away'));
    finished.abort();
  });
  const seconds = queryTimeout / 1000;
  const late = new VpcflowError('VF_TIMEOUT', `the answer takes longer than ${seconds} seconds`);
  void query.clock.sleep(queryTimeout, finished.signal).then(() => cancel('timeout', late));
  return { signal: abort.signal, done: () => finished.abort() };
}
