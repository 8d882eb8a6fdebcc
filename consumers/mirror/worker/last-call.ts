// Turns the signal to end into a later one, for what is under way: an answer is worth waiting for, a silent service is not.
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';

/** A batch of findings is carried out in seconds; a service that says nothing is given up by its own bounds later than this. */
const LAST_CALL_MS = 20_000;

export interface LastCall {
  /** Aborted 20 s after the signal to end; its reason is a VpcflowError. */
  readonly signal: AbortSignal;
  /** Nothing is under way any more: it is never aborted. */
  over(): void;
}

export const lastCall = (signal: AbortSignal, clock: Clock): LastCall => {
  const late = new AbortController();
  const over = new AbortController();
  const wait = async (): Promise<void> => {
    await clock.sleep(LAST_CALL_MS, over.signal);
    if (over.signal.aborted) return;
    const what = `what was under way did not end within ${LAST_CALL_MS / 1000} s, and was left`;
    late.abort(new VpcflowError('VF_ENGINE', what));
  };
  if (signal.aborted) void wait();
  else signal.addEventListener('abort', () => void wait(), { once: true, signal: over.signal });
  return { signal: late.signal, over: () => over.abort() };
};
