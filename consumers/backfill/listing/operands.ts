// Turns the SOURCE operands and the lines of --sources into one stream of sources, and the options into what of them to take.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Selection } from '../../../pipeline/s3-layout/selection.ts';
import { formatTime, parseTime, truncateToMinute } from '../../../pipeline/window/window.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Options } from '../../shared/options.ts';

/** Flow logs are younger than this, Unix ms. */
const EARLIEST = Date.UTC(2000, 0, 1);
/** What is delivered while the run goes on is taken, too. */
const AHEAD = 24 * 60 * 60 * 1000; // ms

/** @throws VF_USAGE when nothing says what to read. */
export const assertSources = (args: readonly string[], options: Pick<Options, 'sources' | 'queue'>): void => {
  if (args.length > 0 || options.sources !== null || options.queue !== null) return;
  const help =
    'give files, directories or s3://bucket/prefix, a list of them with --sources, or a --queue of S3 events';
  throw new VpcflowError('VF_USAGE', 'no SOURCE is given', { help });
};

async function* linesOf(input: Readable, name: string): AsyncGenerator<string> {
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() !== '') yield line;
    }
  } catch (error) {
    throw new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read the list of sources ${name}`, { cause: error });
  }
}

/**
 * The operands, then the lines of the file, each as it is asked for.
 * @param file `-` is standard input; null: none.
 */
export async function* operands(args: readonly string[], file: string | null): AsyncGenerator<string> {
  yield* args;
  if (file === '-') yield* linesOf(process.stdin, 'on standard input');
  else if (file !== null) yield* linesOf(createReadStream(file), file);
}

/** A window that is open at an end has that of all flow logs. Throws VF_BAD_TIME, VF_BAD_WINDOW. */
export const readSelection = (
  { start, stop, accounts, regions }: Pick<Options, 'start' | 'stop' | 'accounts' | 'regions'>,
  now: number,
): Selection => {
  if (start === null && stop === null) return { window: null, accounts, regions };
  const window = {
    start: start === null ? EARLIEST : truncateToMinute(parseTime(start, now, 'start')),
    stop: stop === null ? truncateToMinute(now + AHEAD) : truncateToMinute(parseTime(stop, now, 'stop')),
  };
  if (window.start < window.stop) return { window, accounts, regions };
  if (stop === null) {
    const when = `start ${formatTime(window.start)} is in the future`;
    throw new VpcflowError('VF_BAD_WINDOW', `${when}: nothing was recorded then`, { help: 'give a start before now' });
  }
  if (start === null) {
    const when = `stop ${formatTime(window.stop)} is before all flow logs`;
    throw new VpcflowError('VF_BAD_WINDOW', when, { help: `give a stop after ${formatTime(EARLIEST)}` });
  }
  const both = `start ${formatTime(window.start)} and stop ${formatTime(window.stop)}`;
  throw new VpcflowError('VF_BAD_WINDOW', `nothing lies between ${both} (times are cut to the minute)`);
};

/** The same options with times that stay what they are tomorrow. */
export const withFixedTimes = (options: Options, { window }: Selection): Options => ({
  ...options,
  start: options.start === null || window === null ? options.start : formatTime(window.start),
  stop: options.stop === null || window === null ? options.stop : formatTime(window.stop),
});
