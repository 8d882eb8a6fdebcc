// Turns the query parameters that routes have in common into windows, durations, lists and formats.
import { z } from 'zod';
import { parseWindow } from '../../../pipeline/window/window.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Window } from '../../../schemas/query.ts';
import type { Option } from '../../shared/option-kinds.ts';
import { OPTIONS } from '../../shared/options.ts';

/** The parameters of every question about a window; the same names and texts as the options of the commands. */
export const WINDOW_PARAMETERS = {
  start: z.string().describe(OPTIONS.start.help),
  stop: z.string().describe(OPTIONS.stop.help),
  lateness: z.string().optional().describe(`${OPTIONS.lateness.help} (${OPTIONS.lateness.bounds})`),
};

export const GROUP_PARAMETER = z.string().optional().describe(OPTIONS.columns.help);
export const FILTER_PARAMETER = z.string().optional().describe(OPTIONS.filter.help);
/** Read with `optionParameter(OPTIONS.overlapping, …)`. */
export const OVERLAPPING_PARAMETER = z.enum(['true', 'false']).optional().describe(OPTIONS.overlapping.help);
export const TOP_PARAMETER = z.string().optional().describe(`${OPTIONS.top.help} (${OPTIONS.top.bounds})`);

type Parser<T> = Pick<Option<T>, 'name' | 'default' | 'parse'>;

/** A parameter read by the parser of the option of the same meaning. Throws VF_BAD_PARAMETER. */
export function optionParameter<T>(option: Parser<T>, text: string | undefined): T {
  if (text === undefined) return option.default;
  const parsed = option.parse(text);
  if ('value' in parsed) return parsed.value;
  const { problem, ...more } = parsed;
  throw new VpcflowError('VF_BAD_PARAMETER', `${option.name} ${problem}, not ${JSON.stringify(text)}`, more);
}

/** A `+` that was not escaped arrives as a space: `now+1h`, `…T14:05:00+02:00`. */
export const plusRestored = (time: string): string => time.replace(/ (\d{2}:\d{2}|\d+[smhdw])$/, '+$1');

/** The window and lateness (ms) of the common parameters. */
export function windowParameters(
  query: { readonly start: string; readonly stop: string; readonly lateness?: string | undefined },
  now: number,
): { readonly window: Window; readonly lateness: number } {
  return {
    window: parseWindow(plusRestored(query.start), plusRestored(query.stop), now),
    lateness: optionParameter(OPTIONS.lateness, query.lateness),
  };
}

/** The window of an answer that needs none: from `start` to `stop` or now; null without both. Throws VF_BAD_*. */
export function optionalWindow(
  { start, stop }: { readonly start?: string | undefined; readonly stop?: string | undefined },
  now: number,
): Window | null {
  if (start === undefined && stop === undefined) return null;
  return parseWindow(start === undefined ? start : plusRestored(start), plusRestored(stop ?? 'now'), now);
}

/**
 * The format that `format` names, else the one that `Accept` likes best, else the first that it does not rule out. An
 * Accept that none of them satisfies is ignored, as RFC 9110 (12.5.1) allows; of each type the most specific range counts.
 */
export function chosenFormat<F extends string>(
  formats: readonly F[],
  types: Readonly<Record<F, string>>,
  given: F | undefined,
  accept: string | undefined,
): F {
  if (given !== undefined) return given;
  const ranges = (accept ?? '*/*').split(',').map((range, at) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((p) => p.startsWith('q='));
    return { type, at, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
  });
  ranges.sort((a, b) => specificity(b.type) - specificity(a.type));
  const wishes = formats.map((format) => {
    const range = ranges.find(({ type }) => matches(type, types[format].split(';', 1)[0]));
    return { format, range };
  });
  const liked = wishes.flatMap(({ format, range }) =>
    range !== undefined && range.quality > 0 ? [{ format, range }] : [],
  );
  liked.sort(
    ({ range: a }, { range: b }) => b.quality - a.quality || specificity(b.type) - specificity(a.type) || a.at - b.at,
  );
  return (liked[0] ?? wishes.find(({ range }) => range === undefined) ?? wishes[0]).format;
}

const specificity = (range: string): number => (range === '*/*' ? 0 : range.endsWith('/*') ? 1 : 2);

const matches = (range: string, type: string): boolean =>
  range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
