// `vpcflow firehose`: an HTTP endpoint whose requests, sent by Amazon Data Firehose, become records of a Kinesis stream.
import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import type { AccessKeys } from '../../pipeline/firehose/access-keys.ts';
import { formatCount, formatMany } from '../../pipeline/quantities.ts';
import type { Clock } from '../../schemas/clock.ts';
import { troubleOf } from '../shared/aws-trouble.ts';
import type { Run } from '../shared/command.ts';
import { identifyStream, kinesisClientFor, type StreamIdentity } from '../shared/kinesis.ts';
import { putRecords } from '../shared/kinesis-writer.ts';
import { checkBinding, drainSentence } from '../shared/listen.ts';
import { createLog, type Log } from '../shared/log.ts';
import { openMeters } from '../shared/metrics/open-meters.ts';
import { DRAIN_MS, required } from '../shared/options.ts';
import { Readiness } from '../shared/readiness.ts';
import type { WatchedFiles } from '../shared/watched-files.ts';
import { BytesInWork } from './bytes-in-work.ts';
import { FailureLog } from './failure-log.ts';
import { openKeyFile } from './key-file.ts';
import { startEndpoint } from './server.ts';

/** Bodies and their records; a body that is being taken apart needs three times its size for a moment, one at a time. */
const MAX_BYTES_IN_WORK = 256 * 1024 * 1024;
/** After which a call is made again, ms: a put of 5 MiB takes well under a second where the stream has room. */
const CALL_MS = 10_000;

const NEEDS_KEY = 'give --access-key-file, with the key that the Firehose stream sends, or listen on 127.0.0.1';

/** The keys, read again on SIGHUP until `close`; null where no file is given. */
const openKeys = async (
  path: string | null,
  clock: Clock,
  log: Log,
): Promise<{ readonly file: WatchedFiles<AccessKeys> | null; readonly close: () => void }> => {
  if (path === null) return { file: null, close: () => {} };
  const file = await openKeyFile(path, clock, log);
  const onHangup = (): void => void file.reload();
  process.on('SIGHUP', onHangup);
  return { file, close: () => void process.off('SIGHUP', onHangup) };
};

/** Resolves when the stream can be reached: also to say that this may not be asked, or not so often. */
const askForStream = async (client: KinesisClient, stream: StreamIdentity, abortSignal: AbortSignal): Promise<void> => {
  try {
    await client.send(new DescribeStreamSummaryCommand({ StreamARN: stream.arn }), { abortSignal });
  } catch (error) {
    const { kind } = troubleOf(error);
    if (kind !== 'denied' && kind !== 'busy') throw error;
  }
};

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

export const run: Run = async ({ options, clock, stderr, signal }) => {
  const named = required(options.stream, 'stream');
  const { firehoseHost: host, firehosePort: port } = options;
  checkBinding(host, options.accessKeyFile !== null, NEEDS_KEY);
  const log = createLog(stderr, options.log);
  const { file, close: closeKeys } = await openKeys(options.accessKeyFile, clock, log);
  const client = kinesisClientFor(named);
  const meters = await openMeters(options, log, clock);
  const { meter } = meters;
  const failures = new FailureLog(log, clock);
  let again = 0; // records
  try {
    const stream = await identifyStream(client, named);
    const readiness = new Readiness(clock, (late) => askForStream(client, stream, late), 'ready');
    const endpoint = await startEndpoint({
      ...{ host, port, meter, failures, log, clock },
      keys: file === null ? null : () => file.value(),
      unknownFields: options.unknownFields,
      bytes: new BytesInWork(MAX_BYTES_IN_WORK),
      ready: () => readiness.ready(),
      put: async (records, late) => {
        try {
          await putRecords(client, stream, records, clock, {
            ...{ signal: late, callTimeout: CALL_MS },
            onRetry: (refused) => {
              again += refused;
            },
          });
          readiness.heard();
        } catch (error) {
          readiness.doubt();
          throw error;
        }
      },
    });
    meter.set('engineUp', 1, {});
    log.info({ keys: file === null ? 'none' : 'asked for' }, `${endpoint.url}/firehose puts on ${stream.arn}`);
    if (meters.url !== null) log.info({}, `metrics at ${meters.url}`);
    await stopped(signal);
    const drain = options.drain ?? DRAIN_MS;
    log.info({}, drainSentence(drain));
    await endpoint.close(drain);
    failures.end();
    const { deliveries, delivered, deliveredBytes } = meters.totals();
    const beside = `${formatMany(deliveredBytes, 'byte')} in ${formatMany(deliveries, 'request')}`;
    log.info({}, `${formatMany(delivered, 'record')} taken, ${beside}; ${formatCount(again)} put again`);
    return 0;
  } finally {
    closeKeys();
    await meters.close();
    client.destroy();
  }
};
