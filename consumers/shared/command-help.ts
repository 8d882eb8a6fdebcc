// Turns a row of the command table into its help: what its options mean here, lists after them, and each action by itself.
import type { Command as Parser } from 'commander';
import type { ActionHelp, Command } from './command.ts';
import { companionName, environmentName, isOperand, type OnlyWith, OPTIONS, type OptionKey } from './options.ts';

const APPENDIX_INDENT = ' '.repeat(6);

type OperandOnly = Extract<OnlyWith, { readonly operand: string }>;

const byOperand = (only: OnlyWith): only is OperandOnly => 'operand' in only;

const companions = ({ onlyWith = [] }: Command, key: OptionKey): readonly OnlyWith[] =>
  onlyWith.filter(({ options }) => options.includes(key));

/** With its bounds, what it goes with, its default and its variable; in the help of an action it goes with that anyway. */
export const optionHelp = (command: Command, key: OptionKey, action: string | null = null): string => {
  const option = OPTIONS[key];
  const beside = companions(command, key).filter((only) => action === null || !byOperand(only));
  const facts = [
    ...(option.bounds === '' ? [] : [option.bounds]),
    ...(command.required.includes(key) ? ['required'] : []),
    ...beside.map((only) => `only with ${companionName(command.name, only)}`),
    ...(option.defaultText === '' ? [] : [`default: ${option.defaultText}`]),
    `env: ${environmentName(option.name)}`,
  ];
  return `${command.help?.[key] ?? option.help} (${facts.join('; ')})`;
};

/** The options of a command that one of its actions looks at. */
export const optionsOf = (command: Command, action: string): readonly OptionKey[] =>
  command.options.filter((key) => {
    const named = companions(command, key).filter(byOperand);
    return named.length === 0 || named.some((only) => isOperand(only, action));
  });

export const isHelpAsked = (argv: readonly string[]): boolean =>
  argv[0] === 'help' || argv.includes('--help') || argv.includes('-h');

const listOf = (actions: readonly ActionHelp[], command: string): string => {
  const width = Math.max(...actions.map(({ name }) => name.length));
  const lines = actions.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `\nActions:\n${lines.join('')}\nSee vpcflow ${command} <action> --help for the options of one.`;
};

/** Makes the parser's help that of the action which `argv` names, or else a list of them. */
const showActions = (command: Command, parser: Parser, actions: readonly ActionHelp[], argv: readonly string[]) => {
  const after = argv.slice(argv.indexOf(command.name) + 1);
  const action = actions.find(({ name }) => after.includes(name));
  for (const argument of parser.registeredArguments) argument.description = '';
  const shown = action === undefined ? [] : optionsOf(command, action.name);
  for (const option of parser.options) {
    const key = shown.find((one) => `--${OPTIONS[one].name}` === option.long);
    if (key === undefined) option.hideHelp();
    else option.description = optionHelp(command, key, action?.name);
  }
  if (action === undefined) {
    parser.usage('<action> [options]').addHelpText('after', listOf(actions, command.name));
    return;
  }
  const { name, operands, summary, help } = action;
  parser.usage(`${name} [options]${operands === undefined ? '' : ` ${operands}`}`);
  parser.description(help ?? summary);
};

/**
 * Adds what is loaded only for help: the actions of a command, and the list after its options. `width`: of a line.
 * commander writes help in one go, so it is there before.
 */
export const completeHelp = async (
  command: Command,
  parser: Parser,
  { argv, width }: { readonly argv: readonly string[]; readonly width: number },
): Promise<void> => {
  const actions = await command.actions?.();
  if (actions !== undefined) showActions(command, parser, actions, argv);
  const appendix = await command.appendix?.();
  if (appendix === undefined) return;
  const room = width - APPENDIX_INDENT.length;
  const wrapped = (help: string): string => parser.createHelp().boxWrap(help, room).replaceAll(/^/gm, APPENDIX_INDENT);
  const lines = appendix.items.map(({ term, help }) => `  ${term}\n${wrapped(help)}\n`);
  parser.addHelpText('after', `\n${appendix.title}\n${lines.join('')}`);
};
