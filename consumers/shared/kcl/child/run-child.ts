// Turns a RecordProcessor into the whole life of a child process of the Kinesis Client Library's daemon.
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import kcl from 'aws-kcl';
import type { Clock } from '../../../../schemas/clock.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { Meter } from '../../../../schemas/metrics.ts';
import type { RecordProcessor } from '../../../../schemas/processor.ts';
import { systemClock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { readChildFile } from '../child-file.ts';
import { type Adapter, adapt } from './adapter.ts';
import { connectParent, type EndReason, type ParentLink } from './parent-link.ts';
import { ProtocolInput } from './protocol-input.ts';
import { ProtocolOutput } from './protocol-output.ts';

/** Where the launcher put the daemon's pipe (`3>&1 1>&2`): what is written to descriptor 1 goes to the log. */
const PROTOCOL_OUT = 3;

/** Signals that service managers and terminals send to a whole group: when to end is for the daemon to say. */
const IGNORED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

export interface ChildParts {
  /** What the worker was given for its children; not validated. */
  readonly configuration: unknown;
  readonly meter: Meter;
  readonly log: Log;
  readonly clock: Clock;
}

export interface ChildWork {
  readonly processor: RecordProcessor;
  /** Before the processor hears of the shard's end: makes its children known. */
  readonly beforeShardEnd: (shard: string) => Promise<void>;
  /** After a clean end. */
  readonly close?: () => void;
}

/**
 * The whole life of a child process, begun by the launcher; never returns.
 *
 * It ends with 0 when the daemon closes the input between two actions: after leaseLost, shardEnded and
 * shutdownRequested, or because the daemon itself has ended. With 1, without answering and without a checkpoint, on any
 * error (the worker is told which), when the input ends in the middle of an action, and when the worker is gone.
 */
export const runKclChild = async (create: (parts: ChildParts) => Promise<ChildWork>): Promise<never> => {
  for (const signal of IGNORED) process.on(signal, () => {});
  const child = new Child();
  process.on('uncaughtException', (error) => child.fail(error));
  process.on('unhandledRejection', (error) => child.fail(error));
  try {
    await child.run(create);
  } catch (error) {
    child.fail(error);
  }
  return await new Promise<never>(() => {}); // until the process exits
};

class Child {
  #link: ParentLink | null = null;
  #output: ProtocolOutput | null = null;
  #failed = false;
  #reason: EndReason | null = null;

  async run(create: (parts: ChildParts) => Promise<ChildWork>): Promise<void> {
    const { socket, configuration } = readChildFile(process.env);
    const link = await connectParent(socket, () => process.exit(1));
    this.#link = link;
    const { log, meter } = link;
    const clock = systemClock;
    const work = await create({ configuration, meter, log, clock });
    if (this.#failed) return;
    const adapter = adapt({
      ...{ processor: work.processor, beforeShardEnd: work.beforeShardEnd, clock, meter },
      onShard: (shard, position) => {
        link.shard(shard);
        log.info({ shard, position }, 'the shard begins');
      },
      onOver: (how) => {
        const handedBack = this.#reason !== null && how === 'lease-lost'; // the second half of a shutdown
        this.#reason ??= how;
        if (handedBack) return;
        log.info(
          { how },
          how === 'shard-ended' ? 'the shard is read to its end' : 'this worker has given the shard up',
        );
      },
      onFailure: (error) => this.fail(error),
    });
    const input = new ProtocolInput();
    // aws-kcl has read the last line by then, whichever of the two was told of the end first.
    input.on('end', () => setImmediate(() => this.#inputEnded(adapter, work)));
    this.#output = this.#openOutput();
    kcl(adapter.kcl, input, this.#output, this.#complaints()).run();
    process.stdin.on('error', (error) => this.fail(error));
    process.stdin.pipe(input);
  }

  /** Exits with 1 once the worker knows why. Only the first error counts. */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#output?.silence(); // the processor may still be at work until the worker has been told
    if (this.#link === null) {
      const sentence = error instanceof VpcflowError ? error.sentence : String(error);
      process.stderr.write(`vpcflow: ${sentence}\n`, () => process.exit(1));
      return;
    }
    if (!(error instanceof VpcflowError) && error instanceof Error)
      this.#link.log.error({ stack: error.stack }, 'an error that nobody expected');
    this.#link.failed(error).then(() => process.exit(1));
  }

  #inputEnded(adapter: Adapter, work: ChildWork): void {
    const doing = adapter.doing();
    if (doing !== null) {
      const help = 'the daemon has ended; see the log lines before for why';
      this.fail(new VpcflowError('VF_ENGINE', `the daemon closed the input in the middle of ${doing}`, { help }));
      return;
    }
    if (this.#failed || this.#link === null) return;
    work.close?.();
    this.#link.end(this.#reason ?? 'input-closed').then(() => process.exit(0));
  }

  #openOutput(): ProtocolOutput {
    const broken = (cause: unknown): VpcflowError =>
      new VpcflowError('VF_ENGINE', `the daemon cannot be answered: ${cause}`, { cause });
    try {
      const pipe = new Socket({ fd: PROTOCOL_OUT, readable: false, writable: true });
      return new ProtocolOutput(pipe, (error) => this.fail(broken(error)));
    } catch (cause) {
      throw broken(cause);
    }
  }

  /** aws-kcl writes here only what it cannot make sense of, and then waits for ever: nobody will answer the daemon. */
  #complaints(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        const text = chunk.toString().trim().slice(0, 200);
        this.fail(new VpcflowError('VF_ENGINE', `the daemon sent a malformed message: ${text}`));
        done();
      },
    });
  }
}
