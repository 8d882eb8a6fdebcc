// Runs work of a library that tells the console of its failures, so that nothing of it comes to standard output.

let running = 0;
// biome-ignore lint/suspicious/noConsole: it is kept from speaking.
let log = console.log;

/**
 * What the work gives. Meanwhile console.log says nothing, whoever calls it; nothing of ours does. Standard output is
 * for answers, and for the protocol of a child of the Kinesis Client Library.
 */
export async function withoutConsole<T>(work: () => Promise<T>): Promise<T> {
  if (running++ === 0) {
    // biome-ignore lint/suspicious/noConsole: it is kept, to be put back.
    log = console.log;
    console.log = () => {};
  }
  try {
    return await work();
  } finally {
    running--;
    if (running === 0) console.log = log;
  }
}
