// Turns the parts of a key that are a date, year to hour, into the span of time that they name, and a span into them.

/** Year, month, day, hour: as many of them as are told. */
export type CalendarDate = readonly number[];

export interface Span {
  readonly from: number; // Unix ms, inclusive
  readonly to: number; // Unix ms, exclusive
}

const PARTS = ['year', 'month', 'day', 'hour'] as const;
const SHAPES = [/^(?:year=)?(20\d\d)$/, /^(?:month=)?([01]\d)$/, /^(?:day=)?([0-3]\d)$/, /^(?:hour=)?([0-2]\d)$/];

/** The span of a date, or null where there is no such date. */
export const spanOf = (date: CalendarDate): Span | null => {
  const [year = 0, month = 1, day = 1, hour = 0] = date;
  const from = Date.UTC(year, month - 1, day, hour);
  const real = new Date(from);
  if (real.getUTCMonth() !== month - 1 || real.getUTCDate() !== day || real.getUTCHours() !== hour) return null;
  const next = [year, month, day, hour];
  next[date.length - 1]++;
  return { from, to: Date.UTC(next[0], next[1] - 1, next[2], next[3]) };
};

/** The date at the begin of these directories: `2026/11/20/13` or `year=2026/month=11/day=20/hour=13`, or less of it. */
export const readDate = (directories: readonly string[]): CalendarDate => {
  const date: number[] = [];
  for (const [i, shape] of SHAPES.entries()) {
    const told = shape.exec(directories[i] ?? '');
    if (told === null || spanOf([...date, Number(told[1])]) === null) return date;
    date.push(Number(told[1]));
  }
  return date;
};

/** `2026/11/20/` or, with names, `year=2026/month=11/day=20/`; without its first `told` parts. */
export const datePrefix = (date: CalendarDate, named: boolean, told = 0): string =>
  date
    .map((n, i) => `${named ? `${PARTS[i]}=` : ''}${String(n).padStart(2, '0')}/`)
    .slice(told)
    .join('');

/** The dates that follow a date on the next level. */
export const datesBelow = (date: CalendarDate): readonly CalendarDate[] => {
  const [first, count] = [
    [1, 12],
    [1, 31],
    [0, 24],
  ][date.length - 1] ?? [0, 0];
  const below = Array.from({ length: count }, (_, i) => [...date, first + i]);
  return below.filter((one) => spanOf(one) !== null);
};
