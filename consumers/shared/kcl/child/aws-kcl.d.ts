// What npm aws-kcl 2.3.2 takes and calls, read from its sources: the package comes without types.

declare module 'aws-kcl' {
  import type { Readable, Writable } from 'node:stream';

  /** One request at a time, and only until the action that it came with is completed. */
  export interface KclCheckpointer {
    /** `error` is the simple name of a Java exception, or a sentence of the package; absent or null: it is stored. */
    checkpoint(sequenceNumber: string, callback: (error?: string | null) => void): void;
    /** At what was delivered last; in shardEnded: SHARD_END. */
    checkpoint(callback: (error?: string | null) => void): void;
  }

  /** Fields are as the daemon wrote them: nothing has looked at them yet. */
  export type KclInput = Readonly<Record<string, unknown>>;
  export type KclCheckpointedInput = KclInput & { readonly checkpointer: KclCheckpointer };

  /** Completed exactly once, without an argument: each call sends a status message, whatever it is given. */
  export type KclComplete = () => void;

  /** A function named `shutdown` beside these makes the package speak its first version: leaseLost is never called. */
  export interface KclRecordProcessor {
    initialize(input: KclInput, complete: KclComplete): void;
    processRecords(input: KclCheckpointedInput, complete: KclComplete): void;
    leaseLost(input: KclInput, complete: KclComplete): void;
    shardEnded(input: KclCheckpointedInput, complete: KclComplete): void;
    shutdownRequested(input: KclCheckpointedInput, complete: KclComplete): void;
    readonly shutdown?: never;
  }

  /** Reads from `input` from this call on; reacts to actions once it runs. */
  export default function kcl(
    processor: KclRecordProcessor,
    input: Readable,
    output: Writable,
    error: Writable,
  ): { run(): void };
}
