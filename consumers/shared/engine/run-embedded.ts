// Runs a consumer in this process: every shard of the stream, with checkpoints in a directory.
import { countedCheckpoints } from '../embedded/counted-checkpoints.ts';
import { runShards } from '../embedded/runner.ts';
import { openCheckpoints, stateDirectory } from '../embedded/state-directory.ts';
import type { StreamRun } from './stream-run.ts';

/** Resolves when the signal is aborted and every processor has shut down; rejects with what one failed with. */
export const runEmbedded = async (run: StreamRun): Promise<void> => {
  const { options, client, stream, application, register, from, createProcessor, meter, clock, signal } = run;
  const state = stateDirectory(options.store, options.data);
  const at = from === 'trim' ? null : from === 'latest' ? clock.now() : from.at;
  await runShards({
    ...{ client, stream, register, createProcessor, clock, signal },
    checkpoints: countedCheckpoints(openCheckpoints(state, application, stream), meter),
    from: { at },
    rewind: options.rewind,
    onListed: () => meter.set('engineUp', 1, {}),
  });
};
