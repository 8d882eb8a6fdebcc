// Keeps the access keys of a file that may change at any time, so that a key is rotated without a restart.
import { readFile } from 'node:fs/promises';
import { type AccessKeys, parseAccessKeys } from '../../pipeline/firehose/access-keys.ts';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Log } from '../shared/log.ts';
import { unreadable, WatchedFiles, warnIfOpen } from '../shared/watched-files.ts';

const HELP = 'give a file with one access key a line, readable by this user';

const read = async (path: string, log: Log): Promise<AccessKeys> => {
  const what = `the access key file ${path}`;
  try {
    const keys = parseAccessKeys(await readFile(path, 'utf8'));
    if (keys.length === 0) throw new VpcflowError('VF_USAGE', `${what} has no key`, { help: HELP });
    await warnIfOpen(path, log);
    return keys;
  } catch (cause) {
    throw cause instanceof VpcflowError ? cause : unreadable(what, cause, HELP);
  }
};

/** Rejects with VF_SOURCE_UNREADABLE for a file that cannot be read, and with VF_USAGE for one without a key. */
export const openKeyFile = (path: string, clock: Clock, log: Log): Promise<WatchedFiles<AccessKeys>> =>
  WatchedFiles.open(
    {
      ...{ paths: [path], what: 'the keys', read: () => read(path, log) },
      told: (keys) => ({ fields: { keys: keys.length }, message: 'the access keys were read again' }),
    },
    clock,
    log,
  );
