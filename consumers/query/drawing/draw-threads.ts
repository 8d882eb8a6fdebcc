// Keeps the threads that draw: each draws one picture at a time, is used again, and is ended when it takes too long.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { VpcflowError } from '../../../schemas/errors.ts';
import { Gate } from '../../shared/gate.ts';
import { unlessAborted } from '../../shared/unless-aborted.ts';
import type { DrawingJob, DrawingReply } from './drawing-job.ts';

const DRAWN_AT_ONCE = 2;

/** A thread that has come to hold more is not kept: WebAssembly gives no memory back. */
const KEPT_MEMORY = 64 * 1024 * 1024; // bytes

const gate = new Gate(DRAWN_AT_ONCE);
const idle: Worker[] = [];

/** What a thread may fail with; the caller knows what it drew. */
export type DrawingEnd = 'time' | 'memory';

/**
 * Draws in a thread, after those that came before. Rejects with the signal's reason, or with what `ended` makes of the
 * end of a thread that took longer than `timeLimit` ms or more memory than it may hold.
 */
export async function drawInThread(
  job: DrawingJob,
  signal: AbortSignal,
  timeLimit: number,
  ended: (end: DrawingEnd) => Error,
): Promise<string | Uint8Array> {
  signal.throwIfAborted();
  return await unlessAborted(
    gate.pass(() => draw(job, signal, timeLimit, ended)),
    signal,
  );
}

async function draw(
  job: DrawingJob,
  signal: AbortSignal,
  timeLimit: number,
  ended: (end: DrawingEnd) => Error,
): Promise<string | Uint8Array> {
  signal.throwIfAborted();
  const thread = idle.pop() ?? start();
  thread.ref();
  const { promise, resolve, reject } = Promise.withResolvers<DrawingReply>();
  const abort = () => reject(signal.reason);
  const fail = (cause: unknown) => reject(new VpcflowError('VF_QUERY', 'Graphviz cannot draw the graph', { cause }));
  const exit = () => reject(ended('memory'));
  const timer = setTimeout(() => reject(ended('time')), timeLimit);
  signal.addEventListener('abort', abort, { once: true });
  thread.once('message', resolve).once('error', fail).once('exit', exit);
  let keep = false;
  try {
    thread.postMessage(job);
    const reply = await promise;
    if ('full' in reply) throw ended('memory');
    keep = reply.held <= KEPT_MEMORY;
    return reply.picture;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    thread.off('message', resolve).off('error', fail).off('exit', exit);
    if (keep) rest(thread);
    else await thread.terminate();
  }
}

function start(): Worker {
  // The worker lies beside this file with the same extension, in the sources and in the package.
  const file = new URL(`./draw-worker${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(file, { execArgv: [] });
  const forget = () => {
    const at = idle.indexOf(thread);
    if (at >= 0) idle.splice(at, 1);
  };
  return thread.once('error', forget).once('exit', forget);
}

/** A resting thread keeps no process alive, and is forgotten should it end. */
function rest(thread: Worker): void {
  thread.unref();
  idle.push(thread);
}
