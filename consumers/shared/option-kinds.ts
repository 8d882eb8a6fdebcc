// Kinds of options: each turns the text that was given for a setting into its value, or says what is wrong with it.

import { didYouMean } from '../../pipeline/nearest.ts';
import { type IdForm, needsId } from '../../schemas/mirroring/asked-ids.ts';
import { hasUserInfo } from './user-info.ts';

/** `help` is what to do, where more can be said than what the problem says. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string; readonly help?: string };

export interface Option<T> {
  /** `lateness` is `--lateness` and `VPCFLOW_LATENESS`. */
  readonly name: string;
  /** What stands for the value in help; null: a switch. */
  readonly metavar: string | null;
  readonly default: T;
  /** The default, and what may be given, as help shows them; '' when there is nothing to say. */
  readonly defaultText: string;
  readonly bounds: string;
  readonly help: string;
  readonly parse: (text: string) => Parsed<T>;
}

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How a length of time is written. */
export const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;

const milliseconds = (text: string): number | null => {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const [, count, unit] = match;
  return unit === 'ms' || unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
    ? Number(count) * MILLISECONDS[unit]
    : null;
};

const whole = (text: string, min: number, max: number): number | null => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
};

/** Text with a default. */
export const text = (name: string, metavar: string, fallback: string, help: string): Option<string> => ({
  ...{ name, metavar, default: fallback, defaultText: fallback, bounds: '', help },
  parse: (given) => ({ value: given }),
});

/** Where a store lies; credentials in it would be in process lists, logs and messages. */
export const place = (name: string, fallback: string, help: string): Option<string> => ({
  ...text(name, 'URI', fallback, help),
  parse: (given) =>
    hasUserInfo(given)
      ? { problem: 'may hold no credentials', help: 'give those to the AWS SDK: in the environment, or as a profile' }
      : { value: given },
});

/** Text that may be absent; what absence means stands in the help. */
export const optional = (name: string, metavar: string, help: string): Option<string | null> => ({
  ...{ name, metavar, default: null, defaultText: '', bounds: '', help },
  parse: (given) => ({ value: given }),
});

/** The id of one kind of thing, which may be absent. */
export const id = (name: string, metavar: string, kind: IdForm, help: string): Option<string | null> => ({
  ...optional(name, metavar, help),
  parse: (given) => (kind.form.test(given) ? { value: given } : { problem: needsId(kind) }),
});

/** A name that may be absent, of so many bytes at the most, that can be told from another when it is read. */
export const identifier = (name: string, longest: number, help: string): Option<string | null> => ({
  ...optional(name, 'NAME', help),
  parse: (given) => {
    const problem = `needs a name of 1 to ${longest} bytes, without control characters and without blanks around it`;
    const clear = given !== '' && given === given.trim() && !/\p{Cc}/u.test(given);
    return clear && Buffer.byteLength(given) <= longest ? { value: given } : { problem };
  },
});

/** `<account>.<region>.<name>`: how a stream is named in the store. */
const STREAM_ID = /^\d{12}\.[a-z0-9-]+\./;

/** An identifier that is none of a stream. */
export const label = (name: string, longest: number, help: string): Option<string | null> => {
  const plain = identifier(name, longest, help);
  const problem = 'needs a name that is not the id of a stream (each stream is a feed of its own)';
  return { ...plain, parse: (given) => (STREAM_ID.test(given) ? { problem } : plain.parse(given)) };
};

/** `NAME=VALUE` pairs separated by commas; none when absent. Which names there are is for whoever takes them to say. */
export const pairs = (name: string, help: string): Option<Readonly<Record<string, string>>> => ({
  ...{ name, metavar: 'NAME=VALUE,..', default: {}, defaultText: '', bounds: '', help },
  parse: (given) => {
    const found = given.split(',').map((part) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part));
    const whole = found.filter((match) => match !== null);
    if (whole.length < found.length) return { problem: 'needs NAME=VALUE, separated by commas' };
    const value = Object.fromEntries(whole.map(([, key, text]) => [key, text]));
    if (Object.keys(value).length < whole.length) return { problem: 'names something twice' };
    return { value };
  },
});

/** Names separated by commas; none when absent. */
export const list = (name: string, metavar: string, help: string): Option<readonly string[]> => ({
  ...{ name, metavar, default: [], defaultText: '', bounds: '', help },
  parse: (given) => {
    const value = given.split(',').map((part) => part.trim());
    return value.includes('') ? { problem: 'needs names separated by commas' } : { value };
  },
});

/** Names of one form separated by commas; none when absent. `what` says which form. */
export const listOf = (
  name: string,
  metavar: string,
  form: RegExp,
  what: string,
  help: string,
): Option<readonly string[]> => {
  const any = list(name, metavar, help);
  const problem = `needs ${what}, separated by commas`;
  return {
    ...any,
    parse: (given) => {
      const parsed = any.parse(given);
      return 'value' in parsed && parsed.value.every((one) => form.test(one)) ? parsed : { problem };
    },
  };
};

/** Whole numbers separated by commas; the value is ascending and without repetition. */
export const integers = (name: string, min: number, max: number, help: string): Option<readonly number[]> => ({
  ...{ name, metavar: 'N,N..', default: [], defaultText: '', bounds: `${min} to ${max}`, help },
  parse: (given) => {
    const parts = given.split(',').map((part) => whole(part.trim(), min, max));
    const value = parts.filter((part) => part !== null);
    if (value.length < parts.length)
      return { problem: `needs whole numbers from ${min} to ${max}, separated by commas` };
    return { value: [...new Set(value)].sort((a, b) => a - b) };
  },
});

type Bounds = readonly [min: number, max: number];

/** Of a whole number, which lies within `range`. */
type Ranged<T> = Option<T> & { readonly range: Bounds };

const integerParser = ([min, max]: Bounds) => {
  return (given: string): Parsed<number> => {
    const value = whole(given, min, max);
    return value === null ? { problem: `needs a whole number from ${min} to ${max}` } : { value };
  };
};

/** A whole number with a default. */
export const integer = (name: string, fallback: number, bounds: Bounds, help: string): Ranged<number> => ({
  ...{ name, metavar: 'N', default: fallback, defaultText: String(fallback), help, range: bounds },
  bounds: `${bounds[0]} to ${bounds[1]}`,
  parse: integerParser(bounds),
});

/** A whole number that may be absent. */
export const maybeInteger = (name: string, bounds: Bounds, help: string): Ranged<number | null> => ({
  ...{ name, metavar: 'N', default: null, defaultText: '', help, range: bounds },
  bounds: `${bounds[0]} to ${bounds[1]}`,
  parse: integerParser(bounds),
});

/** A length of time such as 90s, 30m, 2h or 1d; the value is in milliseconds. */
export const duration = (name: string, fallback: string, min: string, max: string, help: string): Option<number> => {
  const [low, high] = [milliseconds(min) ?? 0, milliseconds(max) ?? 0];
  return {
    ...{ name, metavar: 'D', default: milliseconds(fallback) ?? 0, defaultText: fallback, help },
    bounds: `${min} to ${max}`,
    parse: (given) => {
      const value = milliseconds(given);
      if (value === null || value < low || value > high) {
        return { problem: `needs a length of time such as 90s, 30m, 2h or 1d, from ${min} to ${max}` };
      }
      return { value };
    },
  };
};

/** A length of time that may be absent. */
export const maybeDuration = (name: string, min: string, max: string, help: string): Option<number | null> => ({
  ...duration(name, min, min, max, help),
  ...{ default: null, defaultText: '' },
});

/** `meant`: what to say of the value that was meant; '' where nobody knows. */
export const noneOf = (values: string, meant: string): Parsed<never> => ({
  problem: `must be one of ${values}`,
  ...(meant === '' ? {} : { help: meant }),
});

/** One of a closed list; the first is the default. */
export const choice = <const C extends string>(
  name: string,
  choices: readonly [C, ...(readonly C[])],
  help: string,
): Option<C> => ({
  ...{ name, metavar: choices.join('|'), default: choices[0], defaultText: choices[0], bounds: '', help },
  parse: (given) => {
    const value = choices.find((one) => one === given);
    return value === undefined ? noneOf(choices.join(', '), didYouMean(given, choices)) : { value };
  },
});

/** One of a closed list, or absent. */
export const maybeChoice = <const C extends string>(
  name: string,
  choices: readonly [C, ...(readonly C[])],
  help: string,
): Option<C | null> => ({ ...choice(name, choices, help), default: null, defaultText: '' });

/** A switch: off unless given. In the environment 1 or true, 0 or false. */
export const flag = (name: string, help: string): Option<boolean> => ({
  ...{ name, metavar: null, default: false, defaultText: '', bounds: '', help },
  parse: (given) => {
    if (given === '1' || given === 'true') return { value: true };
    return given === '0' || given === 'false' ? { value: false } : { problem: 'must be 1 or 0' };
  },
});
