// Reads the options of a command from the command line and the environment into one frozen value, or says what each is.

import { VpcflowError } from '../../schemas/errors.ts';
import {
  companionName,
  environmentName,
  isOperand,
  type OnlyWith,
  OPTIONS,
  type OptionKey,
  type Options,
} from './options.ts';
import { withoutUserInfo } from './user-info.ts';

/** What was given on the command line, by option name: a text, or true for a switch. */
export type Given = Readonly<Record<string, string | true | undefined>>;

/** What a command's row says of its options. */
interface Taken {
  /** Told where an operand decides. */
  readonly name?: string;
  readonly options: readonly OptionKey[];
  readonly required: readonly OptionKey[];
  readonly onlyWith?: readonly OnlyWith[];
}

/** One problem for each option that was typed where nothing looks at it. */
const idleProblems = (
  { name = '', onlyWith = [] }: Taken,
  given: Given,
  values: ReadonlyMap<string, unknown>,
  operands: readonly string[],
): readonly string[] => {
  const isThere = (only: OnlyWith): boolean => {
    if ('operand' in only) return isOperand(only, operands[0]);
    const value = values.get(only.option);
    return only.value === undefined ? value !== OPTIONS[only.option].default : value === only.value;
  };
  const found = new Map<string, string>();
  for (const only of onlyWith.filter((one) => !isThere(one))) {
    for (const option of only.options.map((key) => OPTIONS[key].name)) {
      if (given[option] === undefined || found.has(option)) continue;
      found.set(option, `--${option} is an option of ${companionName(name, only)}`);
    }
  }
  return [...found.values()];
};

type Environment = Readonly<Record<string, string | undefined>>;

/** What was given for an option, and where: `--port` or `VPCFLOW_PORT`; null where it was not. */
const textOf = (
  key: OptionKey,
  given: Given,
  environment: Environment,
): { readonly raw: string; readonly source: string } | null => {
  const { name } = OPTIONS[key];
  const argument = given[name];
  if (argument !== undefined) return { raw: argument === true ? 'true' : argument, source: `--${name}` };
  const variable = environmentName(name);
  const raw = environment[variable];
  return raw === undefined || raw === '' ? null : { raw, source: variable };
};

/**
 * Reads the options of one command: command line before environment before default; an empty variable is none. What
 * is typed where nothing looks at it is a problem; in the environment, which may serve several workers, it is not.
 * All problems come in one error (VF_USAGE). Options that the command does not take have their defaults.
 */
export const readOptions = (
  command: Taken,
  given: Given,
  environment: Environment,
  operands: readonly string[] = [],
): Options => {
  const values = new Map<string, unknown>(Object.entries(OPTIONS).map(([key, option]) => [key, option.default]));
  const problems: string[] = [];
  const helps: string[] = [];
  for (const key of command.options) {
    const option = OPTIONS[key];
    const text = textOf(key, given, environment);
    if (text === null) {
      if (command.required.includes(key)) problems.push(`--${option.name} is missing`);
      continue;
    }
    const parsed = option.parse(text.raw);
    if ('value' in parsed) values.set(key, parsed.value);
    else {
      problems.push(`${text.source} ${parsed.problem}, not "${withoutUserInfo(text.raw)}"`);
      if (parsed.help !== undefined) helps.push(parsed.help);
    }
  }
  problems.push(...idleProblems(command, given, values, operands));
  if (problems.length > 0)
    throw new VpcflowError('VF_USAGE', problems.join('; '), helps.length === 0 ? {} : { help: helps.join(' ') });
  // Each value is its option's default or came from its own parser, which is what Options says.
  return Object.freeze(Object.fromEntries(values)) as unknown as Options;
};

/**
 * A line for each option of a command: its name, its value as it was given, and where it comes from. Secrets lie in files,
 * of which this shows the paths.
 */
export const configuration = ({ options }: Pick<Taken, 'options'>, given: Given, environment: Environment): string => {
  const rows = options.map((key) => {
    const { name, defaultText, metavar } = OPTIONS[key];
    const text = textOf(key, given, environment);
    if (text !== null) return [name, withoutUserInfo(text.raw), text.source];
    return [name, defaultText || (metavar === null ? 'false' : '-'), 'default'];
  });
  const width = (column: number): number => Math.max(...rows.map((row) => row[column].length));
  const [names, values] = [width(0), width(1)];
  return rows.map(([name, value, source]) => `${name.padEnd(names)}  ${value.padEnd(values)}  ${source}\n`).join('');
};
