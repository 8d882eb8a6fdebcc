// One process that reads objects, several at once, as calls that resolve to what it answers. A process and not a thread:
// two threads of one take a quarter more processor time than they do as processes.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, VpcflowError } from '../../../schemas/errors.ts';
import type { Settings } from '../../../schemas/settings.ts';
import type { LoadedObject, Place } from '../object/load-object.ts';
import type { ObjectIdentity } from '../object/object-file.ts';

export interface LaneSetup {
  readonly store: string; // URI
  readonly settings: Settings;
  readonly asNew: boolean;
  readonly dryRun: boolean;
  /** Name of the feed that the objects belong to. */
  readonly feed: string;
  readonly overlap: 'refuse' | 'skip' | 'add';
}

export type Job =
  | { readonly kind: 'identify'; readonly path: string }
  | ({ readonly kind: 'load' } & Place & ObjectIdentity);

/** What a process is told after its setup: `id` is drawn by the lane, and stands in the answer. */
export interface NumberedJob {
  readonly id: number;
  readonly job: Job;
}

export type Answer =
  | ({ readonly kind: 'identified' } & ObjectIdentity)
  | ({ readonly kind: 'loaded' } & LoadedObject)
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly help: string };

/** `bytes` is of all jobs together; an answer ends its job; a defect ends the process. */
export type Message =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'defect'; readonly error: Error };

interface Call {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Errors are VpcflowErrors of the process, or whatever ended it; after the latter a lane is of no use. */
export class Lane {
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, Call>();
  #drawn = 0;
  #end: { readonly error: unknown } | null = null;

  constructor(setup: LaneSetup, onBytes: (count: number) => void) {
    // Beside this module, with the extension that it has itself: .ts in a clone, .js in a package.
    const module = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    this.#process = fork(fileURLToPath(module), {
      execArgv: ['--single-threaded'], // each core has its lane: helper threads of one would only be in the way of another
      serialization: 'advanced', // counts are bigints
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process
      .on('message', (message: Message) => {
        if (message.kind === 'bytes') onBytes(message.bytes);
        else if (message.kind === 'answer') this.#answered(message.id, message.answer);
        else this.#ended(message.error);
      })
      .on('error', (error) => this.#ended(error))
      .on('exit', (status, signal) => this.#ended(new Error(`a lane ended with ${signal ?? `status ${status}`}`)));
    this.#send(setup);
  }

  async identify(path: string): Promise<ObjectIdentity> {
    const answer = await this.#call({ kind: 'identify', path });
    if (answer.kind !== 'identified') throw new Error(`a lane answered ${answer.kind} to identify`);
    return answer;
  }

  async load(place: Place, { identity, size }: ObjectIdentity): Promise<LoadedObject> {
    const answer = await this.#call({ kind: 'load', ...place, identity, size });
    if (answer.kind !== 'loaded') throw new Error(`a lane answered ${answer.kind} to load`);
    return answer;
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL'); // what is under way is finished by another run
    await exit;
  }

  #call(job: Job): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end.error);
        return;
      }
      const id = this.#drawn++;
      this.#calls.set(id, { resolve, reject });
      this.#send({ id, job });
    });
  }

  #send(message: LaneSetup | NumberedJob): void {
    // Of a process that has ended, 'exit' tells.
    this.#process.send(message, () => undefined);
  }

  #answered(id: number, answer: Answer): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (answer.kind !== 'failed') call?.resolve(answer);
    else call?.reject(new VpcflowError(answer.code, answer.message, { help: answer.help }));
  }

  #ended(error: unknown): void {
    this.#end ??= { error };
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}
