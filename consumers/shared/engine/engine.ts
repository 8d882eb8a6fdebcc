// Turns --engine and its options into what runs a consumer, after everything about it that needs no service was checked.
import type { Consumer } from '../application.ts';
import type { Options } from '../options.ts';
import { runEmbedded } from './run-embedded.ts';
import type { StreamRun } from './stream-run.ts';

export interface Engine {
  /** Throws VF_USAGE for an application that this engine cannot have. */
  readonly accept: (application: string) => void;
  /** Resolves after a graceful end on the signal; rejects with what the engine, or a processor, failed with. */
  readonly run: (run: StreamRun) => Promise<void>;
}

/**
 * Nothing is written and no service is asked. Rejects with VF_USAGE for options that cannot be used, and with VF_ENGINE
 * where a program or file that the engine needs is missing.
 */
export const openEngine = async (options: Options, consumer: Consumer): Promise<Engine> => {
  if (options.engine === 'embedded') return { accept: () => undefined, run: runEmbedded };
  const { openKcl } = await import('./run-kcl.ts'); // with clients that the other engine does without
  return await openKcl(options, consumer, process.env);
};
