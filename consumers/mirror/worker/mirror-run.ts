// Turns what a mirror worker was opened with into its whole run: events by an engine and, beside it, the look of each minute.
import { extname } from 'node:path';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import type { StreamRun } from '../../shared/engine/stream-run.ts';
import { type ForwardTarget, Stager } from '../../shared/forward/stager.ts';
import type { RuleFile } from '../../shared/mirroring/rule-file.ts';
import type { MirrorChildConfiguration } from '../kcl-child.ts';
import type { Evidence } from '../turn/evidence.ts';
import { MirrorWork } from '../turn/work.ts';
import { summarizeDaily } from './daily-summaries.ts';
import { MirrorProcessor } from './processor.ts';
import { reconcile } from './reconciler.ts';
import { processName } from './worker-name.ts';

export interface MirrorRun extends Omit<StreamRun, 'register' | 'createProcessor' | 'child'> {
  readonly engine: Engine;
  readonly store: ObjectStore;
  readonly file: RuleFile;
  readonly rules: MirrorRules;
  readonly account: string;
  readonly regions: ReadonlyMap<string, Ec2Mirror>;
  readonly evidence: Evidence;
  /** Null: nothing is forwarded. */
  readonly forward: ForwardTarget | null;
  /** Ends what is under way a while after `signal`. */
  readonly late: AbortSignal;
}

/** Resolves after a graceful end on the signal, when no turn is under way; rejects with what the engine failed with. */
export const runMirroring = async (parts: MirrorRun): Promise<void> => {
  const { engine, options, file, rules, workerId, account, forward, late, meter, log, clock, signal } = parts;
  const stager = forward === null ? null : new Stager(forward, { meter, log, clock });
  const work = new MirrorWork({
    ...{ ...parts, forward: stager },
    ...{ worker: processName(workerId), grace: options.grace },
  });
  const configuration: MirrorChildConfiguration = {
    ...{ store: options.store, file, account, workerId, grace: options.grace, forward },
  };
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const looking = reconcile({ work, clock, log, signal: ends });
  const summarizing = summarizeDaily({ store: parts.store, clock, log, signal: ends });
  try {
    await engine.run({
      ...parts,
      // A window of flows waits for the shards that feed it: this stream is none of them.
      register: null,
      createProcessor: () => new MirrorProcessor({ work, rules, meter, log, signal: late }),
      child: { module: new URL(`../kcl-child${extname(import.meta.url)}`, import.meta.url), configuration },
    });
  } finally {
    over.abort();
    await looking;
    await summarizing;
    stager?.close();
  }
};
