// Turns what aws-kcl writes into bytes on the pipe to the daemon, without ever answering that the pipe is full.
import { Writable } from 'node:stream';

/** More than any run of messages: a status or a checkpoint has less than 200 bytes, and the daemon waits for each. */
const NEVER_FULL = 2 ** 30; // bytes

/**
 * aws-kcl takes `false` from write(), which only asks to wait, for a message that was not sent, and ends itself. So
 * this buffers instead, and hands on in order. `onBroken` is called once, when the daemon no longer reads: the process
 * has nobody left to work for.
 */
export class ProtocolOutput extends Writable {
  readonly #pipe: Writable;
  #silent = false;

  constructor(pipe: Writable, onBroken: (error: Error) => void) {
    super({ highWaterMark: NEVER_FULL, decodeStrings: true });
    this.#pipe = pipe;
    let told = false;
    const broken = (error: Error): void => {
      if (told) return;
      told = true;
      onBroken(error);
    };
    pipe.on('error', broken);
    pipe.on('close', () => broken(new Error('it is closed')));
    this.on('error', broken);
  }

  /** From now on nothing reaches the daemon: what it would take for an answer comes from a process that has failed. */
  silence(): void {
    this.#silent = true;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#silent) done();
    else this.#pipe.write(chunk, done);
  }
}
