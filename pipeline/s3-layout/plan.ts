// Turns a prefix of a bucket and a selection into how it is listed: not at all, in one pass, or level by level.
import { type CalendarDate, datePrefix, datesBelow, type Span, spanOf } from './calendar.ts';
import { isSibling, mayHold, timeOf } from './key.ts';
import { FLOW_LOGS, type Place, placeOf } from './place.ts';
import type { Selection } from './selection.ts';

/**
 * `flat`: all that lies below, in one pass. `levels`: ask what is on the next level, and plan each prefix on it;
 * `search`: the same, in the hope of a layout: where such questions become many, `flat` is as good. `these`: only these
 * prefixes below it can matter, which need no question; plan each of them.
 */
export type PrefixPlan =
  | { readonly kind: 'pruned' | 'sibling' | 'flat' | 'levels' | 'search' }
  | { readonly kind: 'these'; readonly prefixes: readonly string[] };

const PRUNED: PrefixPlan = { kind: 'pruned' };
const FLAT: PrefixPlan = { kind: 'flat' };
const LEVELS: PrefixPlan = { kind: 'levels' };
const SEARCH: PrefixPlan = { kind: 'search' };

/** So far below the operand a layout is looked for. */
const SEARCH_DEPTH = 3;
/** Of so many years the prefixes are made up; of a longer window those are listed that are there. */
const MOST_YEARS = 3;

const inside = ({ from, to }: Span, { start, stop }: { readonly start: number; readonly stop: number }): boolean =>
  from >= start && to <= stop;

/** Directories of a prefix, which is '' or ends in a slash. */
const directoriesOf = (prefix: string): readonly string[] => prefix.split('/').slice(0, -1);

/** Whole years, months and days where the window covers them, else what is smaller, down to days. */
const dates = (place: Place, date: CalendarDate, window: NonNullable<Selection['window']>): readonly CalendarDate[] => {
  const [span, time] = [spanOf(date), timeOf({ ...place, date })];
  if (span === null || time === null || !mayHold(time, window)) return [];
  if (date.length === 3 || inside(span, window)) return [date];
  return datesBelow(date).flatMap((one) => dates(place, one, window));
};

/** In the layout of AWS, below the directory of a region: only dates follow. */
const planDates = (prefix: string, place: Place, window: NonNullable<Selection['window']>): PrefixPlan => {
  const { date, hive } = place;
  const span = date.length === 0 ? null : spanOf(date);
  if (date.length === 4 || (span !== null && inside(span, window))) return FLAT;
  if (date.length === 3) return LEVELS; // hours, where there are any; files, where there are none
  const years: CalendarDate[] = [];
  if (span === null) {
    // A day sooner and later than the window is more than any span of time that belongs to a file.
    const first = new Date(window.start - 86_400_000).getUTCFullYear();
    const last = new Date(window.stop + 86_400_000).getUTCFullYear();
    if (last - first >= MOST_YEARS) return LEVELS;
    for (let year = first; year <= last; year++) years.push([year]);
  }
  const found = (span === null ? years : datesBelow(date)).flatMap((one) => dates(place, one, window));
  return { kind: 'these', prefixes: found.map((one) => prefix + datePrefix(one, hive, date.length)) };
};

const planAws = (prefix: string, place: Place, { window }: Selection): PrefixPlan => {
  const { account, service, region, hive, strange } = place;
  if (strange) return FLAT;
  if (account === null) return LEVELS;
  if (service === null) return { kind: 'these', prefixes: [`${prefix}${hive ? 'aws-service=' : ''}${FLOW_LOGS}/`] };
  if (service !== FLOW_LOGS) return FLAT;
  if (region === null) return LEVELS;
  return window === null ? FLAT : planDates(prefix, place, window);
};

/**
 * @param prefix '' or ending in a slash, not shorter than `given`.
 * @param given the prefix that the operand names.
 */
export const planPrefix = (prefix: string, selection: Selection, given: string): PrefixPlan => {
  const directories = directoriesOf(prefix);
  const place = placeOf(directories);
  const { window, accounts, regions } = selection;
  if (isSibling(place, given)) return { kind: 'sibling' };
  if (place.account !== null && accounts.length > 0 && !accounts.includes(place.account)) return PRUNED;
  if (place.region !== null && regions.length > 0 && !regions.includes(place.region)) return PRUNED;
  const time = timeOf(place);
  if (window !== null && time !== null && !mayHold(time, window)) return PRUNED;
  if (place.aws) return planAws(prefix, place, selection);
  const { date } = place;
  if (date.length > 0) {
    const span = spanOf(date);
    const settled = window === null || place.strange || date.length === 4 || (span !== null && inside(span, window));
    return settled ? FLAT : LEVELS;
  }
  return directories.length - directoriesOf(given).length < SEARCH_DEPTH ? SEARCH : FLAT;
};
