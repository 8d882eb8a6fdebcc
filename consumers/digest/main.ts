// `vpcflow digest`: turns the records of a Kinesis stream into committed minute digests, until it is told to stop.

import { hostname } from 'node:os';
import { extname } from 'node:path';
import { EPOCH_BOUNDS, type EpochBounds } from '../../pipeline/epoch/contents.ts';
import { formatMany } from '../../pipeline/quantities.ts';
import { settingsDocument } from '../../pipeline/settings.ts';
import { applicationName, checkApplication } from '../shared/application.ts';
import type { Run } from '../shared/command.ts';
import { readSettings } from '../shared/decoding-settings.ts';
import { openEngine } from '../shared/engine/engine.ts';
import { startFrom } from '../shared/engine/stream-run.ts';
import { identifyStream, kinesisClientFor } from '../shared/kinesis.ts';
import { createLog } from '../shared/log.ts';
import { openMeters } from '../shared/metrics/open-meters.ts';
import { type Options, required } from '../shared/options.ts';
import { shardHistory } from '../shared/shard-history.ts';
import { storedRegister } from '../shared/shard-register.ts';
import { withDeadline } from '../shared/store/deadline.ts';
import { ensureLayout } from '../shared/store/layout.ts';
import { openStore } from '../shared/store/open.ts';
import { Stager } from './forward/stager.ts';
import type { DigestChildConfiguration } from './kcl-child.ts';
import { measured } from './measured.ts';
import { DigestProcessor } from './processor.ts';

/** Null unless an option lowers one. */
const lowerBounds = ({ epochRows, epochBytes, epochHours }: Options): EpochBounds | null => {
  if (epochRows === null && epochBytes === null && epochHours === null) return null;
  return {
    rows: epochRows ?? EPOCH_BOUNDS.rows,
    bytes: epochBytes ?? EPOCH_BOUNDS.bytes,
    hours: epochHours ?? EPOCH_BOUNDS.hours,
  };
};

export const run: Run = async ({ options, clock, stderr, signal }) => {
  const named = required(options.stream, 'stream');
  const from = startFrom(options.from, clock.now());
  checkApplication(options.application, options.engine);
  // With a client that most workers do without.
  const forward = options.forward === null ? null : await import('./forward/forwarding.ts');
  forward?.checkForwarding(options);
  const settings = await readSettings(options);
  const engine = await openEngine(options, 'digest');
  const store = withDeadline(await openStore(options.store), clock);
  const client = kinesisClientFor(named);
  try {
    const log = createLog(stderr, options.log);
    const meters = await openMeters(options, log, clock);
    try {
      const stream = await identifyStream(client, named);
      const application = applicationName(options.application, options.engine, 'digest', stream);
      engine.accept(application);
      const workerId = options.workerId ?? hostname();
      // From here on something is written.
      await ensureLayout(store);
      log.info(
        {
          engine: options.engine,
          application,
          worker: workerId,
          settings: settingsDocument(settings).hash.slice(0, 12),
        },
        `digesting ${stream.arn} into ${store.uri}`,
      );
      if (meters.url !== null) log.info({}, `metrics at ${meters.url}`);
      const { meter } = meters;
      const forwarding = (await forward?.openForwarding({ options, stream, store, meter, log, clock })) ?? null;
      try {
        const [bounds, target] = [lowerBounds(options), forwarding?.target ?? null];
        const configuration: DigestChildConfiguration = {
          ...{ stream, store: options.store, settings, workerId, bounds, forward: target },
        };
        const stager = target === null ? null : new Stager(target, { meter, log, clock });
        const observer = measured(meter, log);
        const run = engine.run({
          ...{ options, client, stream, application, workerId, from, meter, log, clock, signal },
          register: storedRegister(store, client, stream, clock),
          createProcessor: () =>
            new DigestProcessor({
              ...{ store, stream: stream.id, settings, workerId, clock, observer },
              history: (shard) => shardHistory(client, stream, shard, clock),
              ...(bounds === null ? {} : { bounds }),
              ...(stager === null ? {} : { forward: stager }),
            }),
          child: { module: new URL(`./kcl-child${extname(import.meta.url)}`, import.meta.url), configuration },
        });
        await run.finally(() => stager?.close());
      } finally {
        await forwarding?.close();
      }
      const { lines, flows, epochs, rejects, duplicates } = meters.totals();
      const committed = `${formatMany(lines, 'line')}, ${formatMany(flows, 'flow')} committed in ${formatMany(epochs, 'epoch')}`;
      log.info({}, `${committed}; ${formatMany(rejects, 'reject')}, ${formatMany(duplicates, 'duplicate')}`);
    } finally {
      await meters.close();
    }
    return 0;
  } finally {
    client.destroy();
  }
};
