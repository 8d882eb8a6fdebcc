// Turns the options of a run and the sources that failed into the command that runs it again for just those.
import { OPTIONS, type OptionKey, type Options } from '../../shared/options.ts';

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word of a POSIX shell. */
export const shellQuote = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** Where sources come from, with what goes with a queue; those of the retry are given otherwise, each is there already. */
const OF_SOURCES: readonly OptionKey[] = [
  ...(['sources', 'queue', 'untilEmpty', 'metricsPort', 'statsd', 'statsdTags', 'log'] as const),
];

const optionWords = (key: OptionKey, value: Options[OptionKey]): readonly string[] => {
  const { name, default: fallback } = OPTIONS[key];
  if (OF_SOURCES.includes(key) || value === null || JSON.stringify(value) === JSON.stringify(fallback)) return [];
  if (value === true) return [`--${name}`];
  const text = Array.isArray(value) ? value.join(',') : String(value);
  // A value that begins with a dash would be taken for an option.
  return text.startsWith('-') ? [`--${name}=${text}`] : [`--${name}`, text];
};

/**
 * Words for a POSIX shell; options that came from the environment included, so that it runs anywhere.
 * @param options with times that do not move: `now-1d` is another day tomorrow.
 * @param file of further sources, one a line.
 */
export const retryCommand = (options: Options, sources: readonly string[], file: string | null): string => {
  const keys = Object.keys(OPTIONS).filter((key): key is OptionKey => key in OPTIONS);
  const words = keys
    .filter((key) => key !== 'externalId' || options.role !== null)
    .flatMap((key) => optionWords(key, options[key]));
  const given = file === null ? [] : ['--sources', file];
  return ['vpcflow', 'backfill', ...words, ...given, ...sources].map(shellQuote).join(' ');
};
