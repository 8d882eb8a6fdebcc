// One thread that reads objects, as calls that resolve to what it answers.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, VpcflowError } from '../../schemas/errors.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { LoadedObject } from './load-object.ts';
import type { ObjectIdentity } from './object-file.ts';

export interface LaneSetup {
  readonly store: string; // URI
  readonly settings: Settings;
  readonly asNew: boolean;
  readonly dryRun: boolean;
}

export type Job =
  | { readonly kind: 'identify'; readonly path: string }
  | ({ readonly kind: 'load'; readonly path: string; readonly name: string } & ObjectIdentity);

export type Answer =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | ({ readonly kind: 'identified' } & ObjectIdentity)
  | ({ readonly kind: 'loaded' } & LoadedObject)
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly help: string };

/** Errors are VpcflowErrors of the thread, or whatever ended it; after the latter a lane is of no use. */
export class Lane {
  readonly #worker: Worker;
  readonly #onBytes: (count: number) => void;

  constructor(setup: LaneSetup, onBytes: (count: number) => void) {
    // Beside this module, with the extension that it has itself: .ts in a clone, .js in a package.
    const module = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(module, { workerData: setup });
    this.#onBytes = onBytes;
  }

  async identify(path: string): Promise<ObjectIdentity> {
    const answer = await this.#call({ kind: 'identify', path });
    if (answer.kind !== 'identified') throw new Error(`a thread answered ${answer.kind} to identify`);
    return answer;
  }

  async load(path: string, name: string, { identity, size }: ObjectIdentity): Promise<LoadedObject> {
    const answer = await this.#call({ kind: 'load', path, name, identity, size });
    if (answer.kind !== 'loaded') throw new Error(`a thread answered ${answer.kind} to load`);
    return answer;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #call(job: Job): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        this.#worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        end();
      };
      const onMessage = (answer: Answer): void => {
        if (answer.kind === 'bytes') {
          this.#onBytes(answer.bytes);
        } else if (answer.kind === 'failed') {
          const { code, message, help } = answer;
          finish(() => reject(new VpcflowError(code, message, { help })));
        } else {
          finish(() => resolve(answer));
        }
      };
      const onError = (error: unknown): void => finish(() => reject(error));
      const onExit = (status: number): void => finish(() => reject(new Error(`a thread ended with status ${status}`)));
      this.#worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      this.#worker.postMessage(job);
    });
  }
}
