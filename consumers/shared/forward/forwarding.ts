// Turns the options --forward… into a spool, and a sender that empties it.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ForwardWhat } from '../../../pipeline/forward/entry.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { stateDirectory } from '../embedded/state-directory.ts';
import type { StreamIdentity } from '../kinesis.ts';
import type { Log } from '../log.ts';
import type { Options } from '../options.ts';
import { storeFailure, systemCode } from '../store/failure.ts';
import { firehoseClient, lookAtStream, parseForwardStream } from './firehose.ts';
import { startSender } from './sender.ts';
import type { ForwardTarget } from './stager.ts';

/** How long is sent after the last of it is staged; the rest waits for the next start. */
const DRAIN = 5000; // ms

export interface Forwarding {
  readonly target: ForwardTarget;
  /** After the last is staged. Does not reject. */
  close(): Promise<void>;
}

export interface ForwardingParts {
  readonly options: Options;
  /** Absent: what --forward-what says. */
  readonly what?: ForwardWhat;
  /** What is read. */
  readonly stream: StreamIdentity;
  readonly store: ObjectStore;
  readonly meter: Meter;
  readonly log: Log;
  readonly clock: Clock;
}

/** Before any service is asked: throws VF_USAGE for what is no stream. */
export const checkForwarding = ({ forward }: Options): void => {
  if (forward !== null) parseForwardStream(forward);
};

/**
 * Null without --forward. One spool for each pair of streams, so that nothing is sent where it does not belong. Rejects
 * with VF_USAGE for what is no stream, VF_SERVICE for one that there is not, VF_STORE_UNREACHABLE for a spool that can
 * never be written.
 */
export const openForwarding = async (parts: ForwardingParts): Promise<Forwarding | null> => {
  const { options, stream, store, meter, log, clock } = parts;
  if (options.forward === null) return null;
  const to = parseForwardStream(options.forward);
  const region = to.region ?? stream.region;
  const base = options.forwardSpool ?? join(stateDirectory(options.store, options.data), 'forward');
  const directory = resolve(base, stream.id, `${region}.${to.name}`);
  await createSpool(directory);
  const client = firehoseClient(region);
  try {
    await lookAtStream(client, to.name, log);
  } catch (error) {
    client.destroy();
    throw error;
  }
  const sender = startSender({ directory, client, stream: to.name, store, meter, log, clock });
  const target: ForwardTarget = {
    directory,
    limit: options.forwardSpoolSize * 2 ** 20,
    what: parts.what ?? options.forwardWhat,
  };
  log.info({ what: target.what, spool: directory }, `forwarding to the Firehose stream ${to.name}`);
  return {
    target,
    close: async () => {
      await sender.close(DRAIN);
      client.destroy();
    },
  };
};

/** A disk that is full may have room later; anything else is a mistake. */
const createSpool = async (directory: string): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')) return;
    throw storeFailure(directory, 'create the spool of --forward', error);
  }
};
