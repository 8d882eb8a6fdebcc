// `vpcflow backfill --queue`: what S3 delivers goes into the store as it is told of on a queue, until told to stop.
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
import { judgeKey, keyReader } from '../../../pipeline/s3-layout/key.ts';
import type { Selection } from '../../../pipeline/s3-layout/selection.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { CommandContext } from '../../shared/command.ts';
import { createLog } from '../../shared/log.ts';
import { openMeters } from '../../shared/metrics/open-meters.ts';
import { ensureLayout } from '../../shared/store/layout.ts';
import { openStore, parseS3Uri } from '../../shared/store/open.ts';
import { Loader, type LoaderSetup } from '../lanes/loader.ts';
import { fieldRemarks, summarize } from '../report/summary.ts';
import { Totals } from '../report/totals.ts';
import type { S3Source } from '../source-object.ts';
import { leftSentence, remainingSentence } from './left-messages.ts';
import { examineQueue, queueClient, stillThere } from './queue-client.ts';
import { runQueue } from './run-queue.ts';

/** What lies in the store is no source, also where its bucket tells of it. */
const outside = (store: string): ((object: S3Source) => boolean) => {
  if (!store.startsWith('s3:')) return () => true;
  const { bucket, prefix } = parseS3Uri(store);
  const below = prefix === '' ? '' : `${prefix}/`;
  return (object) => object.bucket !== bucket || !object.key.startsWith(below);
};

/** @throws VF_USAGE for options that say nothing about a queue. */
const check = (context: CommandContext): void => {
  const { args, options } = context;
  const { sources, dryRun } = options;
  if (args.length === 0 && sources === null && !dryRun) return;
  const help = 'give either sources or a --queue; nothing of a queue can be read without taking it';
  throw new VpcflowError('VF_USAGE', '--queue goes with neither SOURCE, --sources nor --dry-run', { help });
};

/**
 * Resolves to the exit status once the signal is aborted (or the queue is empty, with --until-empty) and what was begun
 * is committed: 1 where messages were left on the queue, or, with --until-empty, some are there that nobody could receive.
 */
export const followQueue = async (
  context: CommandContext,
  url: string,
  setup: Omit<LoaderSetup, 'onBytes'>,
  selection: Selection,
): Promise<number> => {
  check(context);
  const { options, stderr, clock, signal } = context;
  const client = queueClient(url, setup);
  const log = createLog(stderr, options.log);
  const meters = await openMeters(options, log, clock);
  try {
    const { redrive } = await examineQueue(client, url);
    if (redrive === false) {
      log.warn(
        {},
        'the queue has no redrive policy: a message of which an object cannot be loaded comes back until it expires',
      );
    }
    await ensureLayout(await openStore(options.store));
    const loader = await Loader.open({ ...setup, onBytes: () => undefined });
    const began = clock.now();
    const totals = new Totals();
    const [notOurs, read] = [outside(options.store), keyReader()];
    const wanted = (object: S3Source): boolean => {
      const verdict = judgeKey(read(object.key), selection, '');
      return notOurs(object) && (verdict === 'take' || verdict === 'unknown');
    };
    log.info({}, `following ${url} into ${options.store}`);
    if (meters.url !== null) log.info({}, `metrics at ${meters.url}`);
    try {
      meters.meter.set('engineUp', 1, {});
      const { done, left } = await runQueue({
        ...{ client, url, wanted, clock, signal, log, meter: meters.meter, untilEmpty: options.untilEmpty },
        load: (object) => loader.load(object),
        onLoaded: (object) => totals.add(object),
      });
      const { loaded, known, leftOut, bytes, counts } = totals;
      const failed = left.failedObjects;
      const seconds = Math.max(clock.now() - began, 1) / 1000;
      log.info(
        {},
        summarize({ loaded, known, leftOut, failed, bytes, seconds, counts, files: false }, false).replaceAll(
          '\n',
          '; ',
        ),
      );
      for (const remark of fieldRemarks(totals.unknownFields)) log.warn({}, remark);
      log.info({}, `${formatMany(done, 'message')} done, ${formatCount(left.count)} left`);
      const checks = options.untilEmpty && !signal.aborted && left.count === 0;
      const remaining = checks ? await stillThere(client, url, clock, signal) : null;
      if (left.count > 0) log.warn({}, leftSentence(left, redrive));
      if (remaining !== null) log.warn({}, remainingSentence(remaining));
      return left.count > 0 || remaining !== null ? 1 : 0;
    } finally {
      await loader.close();
    }
  } finally {
    await meters.close();
    client.destroy();
  }
};
