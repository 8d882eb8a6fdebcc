// Runs work of a library that tells the console of its failures, so that nothing of it comes to standard output.
import { AsyncLocalStorage } from 'node:async_hooks';

const quiet = new AsyncLocalStorage<true>();
let running = 0;
// biome-ignore lint/suspicious/noConsole: it is kept from speaking.
let log = console.log;

/**
 * What the work gives. What it says with console.log is dropped, also after its awaits; what others say meanwhile is not.
 * Standard output is for answers, and for the protocol of a child of the Kinesis Client Library.
 */
export async function withoutConsole<T>(work: () => Promise<T>): Promise<T> {
  if (running++ === 0) {
    // biome-ignore lint/suspicious/noConsole: it is kept, to be put back.
    log = console.log;
    console.log = (...said: unknown[]) => {
      if (quiet.getStore() === undefined) log(...said);
    };
  }
  try {
    return await quiet.run(true, work);
  } finally {
    running--;
    if (running === 0) console.log = log;
  }
}
