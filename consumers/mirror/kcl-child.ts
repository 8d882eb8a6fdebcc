// The mirror consumer as a child of the Kinesis Client Library's daemon: turns its worker's configuration into a processor of one shard.
import { z } from 'zod';
import { VpcflowError } from '../../schemas/errors.ts';
import { MIRROR_MODES } from '../../schemas/mirroring/rules.ts';
import { Stager } from '../shared/forward/stager.ts';
import { type ChildWork, runKclChild } from '../shared/kcl/child/run-child.ts';
import { rulesOf } from '../shared/mirroring/rule-file.ts';
import { NO_LOG } from '../shared/no-log.ts';
import { withDeadline } from '../shared/store/deadline.ts';
import { openStore } from '../shared/store/open.ts';
import { openRegions } from './account/regions.ts';
import { Evidence } from './turn/evidence.ts';
import { MirrorWork } from './turn/work.ts';
import { MirrorProcessor } from './worker/processor.ts';
import { processName } from './worker/worker-name.ts';

const text = z.string().min(1);

const Configuration = z.strictObject({
  /** As `--store` was given. */
  store: text,
  /** The rules as they were read: a file that changes meanwhile is another worker's. */
  file: z
    .strictObject({
      text: z.string(),
      source: z
        .strictObject({
          file: text,
          region: z.string().nullable(),
          mode: z.enum(MIRROR_MODES).nullable(),
          enable: z
            .strictObject({ existing: z.boolean(), launches: z.boolean(), findings: z.boolean() })
            .readonly()
            .nullable(),
        })
        .readonly(),
      regions: z.array(text).readonly().nullable(),
    })
    .readonly(),
  /** That the calls are made in. */
  account: text,
  workerId: text,
  /** How long a target that we made is kept without a session, ms: an instance that ended is looked after at once. */
  grace: z.int().positive(),
  /** Null: nothing is forwarded. What is staged here is sent by the worker. */
  forward: z
    .strictObject({ directory: text, limit: z.int(), what: z.enum(['digests', 'rejects', 'both', 'mirroring']) })
    .readonly()
    .nullable(),
});

/** JSON: what the worker writes for its children. */
export type MirrorChildConfiguration = Readonly<z.infer<typeof Configuration>>;

const parse = (given: unknown): MirrorChildConfiguration => {
  const parsed = Configuration.safeParse(given);
  if (parsed.success) return parsed.data;
  const what = z.prettifyError(parsed.error).replace(/\s+/g, ' ');
  throw new VpcflowError('VF_ENGINE', `the configuration of a child is not one of this version: ${what}`);
};

await runKclChild(async ({ configuration, meter, log, clock }): Promise<ChildWork> => {
  const { store: uri, file, account, workerId, grace, forward } = parse(configuration);
  const stager = forward === null ? null : new Stager(forward, { meter, log, clock });
  const rules = rulesOf(file, NO_LOG); // its worker has told of the doubts about them
  const store = withDeadline(await openStore(uri), clock);
  const regions = openRegions(rules, { store, clock, signal: new AbortController().signal });
  const evidence = new Evidence({ store, clock });
  const work = new MirrorWork({
    ...{ store, rules, account, regions: regions.accounts, evidence, clock, meter, log },
    ...{ worker: processName(workerId), grace, forward: stager },
  });
  return {
    processor: new MirrorProcessor({ work, rules, meter, log }),
    // Nobody asks whether the stream of events is complete.
    beforeShardEnd: async () => {},
    close: () => {
      stager?.close();
      regions.close();
      void evidence.close();
    },
  };
});
