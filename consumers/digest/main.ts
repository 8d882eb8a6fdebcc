// `vpcflow digest`: turns the records of a Kinesis stream into committed minute digests, until it is told to stop.

import { hostname } from 'node:os';
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
import { withDeadline } from '../shared/store/deadline.ts';
import { ensureLayout } from '../shared/store/layout.ts';
import { openStore } from '../shared/store/open.ts';
import { digestRun } from './digest-run.ts';

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
  const forward = options.forward === null ? null : await import('../shared/forward/forwarding.ts');
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
        const work = digestRun({
          ...{ options, client, stream, application, workerId, store, settings, from, meter, log, clock, signal },
          ...{ bounds: lowerBounds(options), forward: forwarding?.target ?? null },
        });
        await engine.run(work.run).finally(work.close);
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
