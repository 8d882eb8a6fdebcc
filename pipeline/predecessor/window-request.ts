// Turns what a predecessors' client asks for, in a query string or a queued job, into a window, or says what is wrong.
import { VpcflowError } from '../../schemas/errors.ts';
import type { Window } from '../../schemas/query.ts';
import { parseWindow } from '../window/window.ts';
import { type ResultKind, windowId } from './window-id.ts';

/** Go's RFC3339Nano; no relative times: a poll must ask for the window that was begun. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

interface Times {
  readonly start?: unknown;
  readonly stop?: unknown;
}

/**
 * The window of `start` and `stop`, each truncated down to the minute; of a repeated parameter the first counts.
 * Throws VF_BAD_TIME for a time that is missing or not RFC 3339, VF_BAD_WINDOW where no minute is between them.
 */
export function requestedWindow(times: Times): Window {
  const [start, stop] = [timeText(times.start, 'start'), timeText(times.stop, 'stop')];
  try {
    // Only absolute times get so far, so that the time of asking does not matter.
    return parseWindow(start, stop, 0);
  } catch (error) {
    if (error instanceof VpcflowError && error.code === 'VF_BAD_TIME') throw badTime(error.message);
    throw error;
  }
}

function timeText(given: unknown, name: string): string {
  const text: unknown = Array.isArray(given) ? given[0] : given;
  if (typeof text !== 'string' || text === '') throw badTime(`${name} is missing`);
  if (TIME.test(text)) return text;
  throw badTime(`${name} ${JSON.stringify(text)} is no time`);
}

const badTime = (message: string): VpcflowError =>
  new VpcflowError('VF_BAD_TIME', message, { help: 'give RFC 3339 (2026-11-20T14:05:00Z)' });

export interface QueuedJob {
  readonly kind: ResultKind;
  readonly window: Window;
}

/**
 * The job of a message `{id,start,stop}`, as the predecessors' API puts it on their queue. The id of the window's graph
 * asks for the graph, any other for the digest: what is made is always that of the window, under the window's own id.
 * Throws as `requestedWindow` does, and VF_BAD_PARAMETER for what is no such message.
 */
export function queuedJob(body: Uint8Array): QueuedJob {
  const message = parsed(body);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new VpcflowError('VF_BAD_PARAMETER', 'the job is no JSON object', { help: JOB_HELP });
  }
  const { id, start, stop }: { id?: unknown; start?: unknown; stop?: unknown } = message;
  if (typeof id !== 'string' || id === '') {
    throw new VpcflowError('VF_BAD_PARAMETER', 'the job has no id', { help: JOB_HELP });
  }
  const window = requestedWindow({ start, stop });
  return { kind: id.toLowerCase() === windowId('graph', window) ? 'graph' : 'digest', window };
}

const JOB_HELP = 'send {"id":"…","start":"2026-11-20T14:00:00Z","stop":"2026-11-20T15:00:00Z"}';

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new VpcflowError('VF_BAD_PARAMETER', 'the job is no JSON', { cause, help: JOB_HELP });
  }
}
