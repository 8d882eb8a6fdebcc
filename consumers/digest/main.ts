// `vpcflow digest`: turns the records of a Kinesis stream into committed minute digests, until it is told to stop.
import { hostname } from 'node:os';
import { settingsDocument } from '../../pipeline/settings.ts';
import { parseTime } from '../../pipeline/window.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Run } from '../shared/command.ts';
import { readSettings } from '../shared/decoding-settings.ts';
import { runShards, type StartFrom } from '../shared/embedded/runner.ts';
import { openCheckpoints, stateDirectory } from '../shared/embedded/state-directory.ts';
import { identifyStream, kinesisClient } from '../shared/kinesis.ts';
import { required } from '../shared/options.ts';
import { shardHistory } from '../shared/shard-history.ts';
import { ensureLayout } from '../shared/store/layout.ts';
import { openStore } from '../shared/store/open.ts';
import { DigestProcessor } from './processor.ts';

/** `--from`: trim, latest or a time. */
const startFrom = (text: string, now: number): StartFrom => {
  if (text === 'trim') return { at: null };
  return { at: text === 'latest' ? now : parseTime(text, now, 'from') };
};

/** `--application` becomes part of a file name. */
const applicationName = (text: string): string => {
  if (/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,99}$/.test(text)) return text;
  throw new VpcflowError('VF_USAGE', `--application ${JSON.stringify(text)} is not made of letters, digits and _.-`);
};

export const run: Run = async ({ options, clock, stderr, signal }) => {
  if (options.engine === 'kcl') {
    const help = 'use --engine embedded';
    throw new VpcflowError('VF_USAGE', 'the engine kcl is not in this version of vpcflow', { help });
  }
  const application = applicationName(options.application);
  const from = startFrom(options.from, clock.now());
  const settings = await readSettings(options);
  const store = await openStore(options.store);
  await ensureLayout(store);
  const client = kinesisClient();
  try {
    const stream = await identifyStream(client, required(options.stream, 'stream'));
    const checkpoints = openCheckpoints(stateDirectory(options.store, options.data), application, stream);
    const workerId = options.workerId ?? hostname();
    stderr.write(
      `vpcflow: digesting ${stream.arn} into ${store.uri}, settings ${settingsDocument(settings).hash.slice(0, 12)}\n`,
    );
    const totals = { records: 0, flows: 0, epochs: 0 };
    await runShards({
      ...{ client, stream, store, checkpoints, from, rewind: options.rewind, clock, signal },
      createProcessor: () =>
        new DigestProcessor({
          ...{ store, stream: stream.id, settings, workerId, clock },
          history: (shard) => shardHistory(client, stream, shard, clock),
          observer: {
            committed: ({ counts }) => {
              totals.records += counts.records;
              totals.flows += counts.flows;
              totals.epochs += 1;
            },
            watermark: () => {},
            checkpointFailed: (shard, error) => {
              stderr.write(`vpcflow: the checkpoint of ${shard} was not stored (nothing is lost): ${error}\n`);
            },
          },
        }),
    });
    stderr.write(`vpcflow: ${totals.records} records, ${totals.flows} flows committed in ${totals.epochs} epochs\n`);
    return 0;
  } finally {
    client.destroy();
  }
};
