// Runs the digest consumer in this process: every shard of the stream, with checkpoints in a directory.
import { countedCheckpoints } from '../shared/embedded/counted-checkpoints.ts';
import { runShards } from '../shared/embedded/runner.ts';
import { openCheckpoints, stateDirectory } from '../shared/embedded/state-directory.ts';
import { shardHistory } from '../shared/shard-history.ts';
import type { DigestRun } from './digest-run.ts';
import { Stager } from './forward/stager.ts';
import { DigestProcessor } from './processor.ts';

/** Resolves when the signal is aborted and everything is committed; rejects with what a processor failed with. */
export const runEmbedded = async (run: DigestRun): Promise<void> => {
  const { options, client, stream, application, store, settings, bounds, workerId, from } = run;
  const { observer, meter, log, clock, signal } = run;
  const state = stateDirectory(options.store, options.data);
  const stager = run.forward === null ? null : new Stager(run.forward, { meter, log, clock });
  const at = from === 'trim' ? null : from === 'latest' ? clock.now() : from.at;
  await runShards({
    ...{ client, stream, store, clock, signal },
    checkpoints: countedCheckpoints(openCheckpoints(state, application, stream), meter),
    from: { at },
    rewind: options.rewind,
    onListed: () => meter.set('engineUp', 1, {}),
    createProcessor: () =>
      new DigestProcessor({
        ...{ store, stream: stream.id, settings, workerId, clock, observer },
        history: (shard) => shardHistory(client, stream, shard, clock),
        ...(bounds === null ? {} : { bounds }),
        ...(stager === null ? {} : { forward: stager }),
      }),
  }).finally(() => stager?.close());
};
