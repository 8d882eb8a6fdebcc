// Turns what a digest worker was opened with into a run of any engine: its processor, its child, its register of shards.
import { extname } from 'node:path';
import type { EpochBounds } from '../../pipeline/epoch/contents.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import type { StreamRun } from '../shared/engine/stream-run.ts';
import { type ForwardTarget, Stager } from '../shared/forward/stager.ts';
import { shardHistory } from '../shared/shard-history.ts';
import { storedRegister } from '../shared/shard-register.ts';
import type { DigestChildConfiguration } from './kcl-child.ts';
import { measured } from './measured.ts';
import { DigestProcessor } from './processor.ts';

export interface DigestWork extends Omit<StreamRun, 'register' | 'createProcessor' | 'child'> {
  readonly store: ObjectStore;
  readonly settings: Settings;
  /** Null: those of the layout. */
  readonly bounds: EpochBounds | null;
  /** Null: nothing is forwarded. */
  readonly forward: ForwardTarget | null;
}

/** `close` when the run has ended. */
export const digestRun = (work: DigestWork): { readonly run: StreamRun; readonly close: () => void } => {
  const { options, client, stream, store, settings, workerId, bounds, forward, meter, log, clock } = work;
  const stager = forward === null ? null : new Stager(forward, { meter, log, clock });
  const observer = measured(meter, log);
  const configuration: DigestChildConfiguration = {
    ...{ stream, store: options.store, settings, workerId, bounds, forward },
  };
  const createProcessor = () =>
    new DigestProcessor({
      ...{ store, stream: stream.id, settings, workerId, clock, observer },
      history: (shard) => shardHistory(client, stream, shard, clock),
      ...(bounds === null ? {} : { bounds }),
      ...(stager === null ? {} : { forward: stager }),
    });
  const child = { module: new URL(`./kcl-child${extname(import.meta.url)}`, import.meta.url), configuration };
  const register = storedRegister(store, client, stream, clock);
  return { run: { ...work, register, createProcessor, child }, close: () => stager?.close() };
};
