// What a command of `vpcflow` is: what it is given to run with, and the row that declares it to the dispatcher.
import type { Clock } from '../../schemas/clock.ts';
import type { OnlyWith, OptionKey, Options } from './options.ts';

export interface CommandContext {
  /** The operands, after the options were taken out. */
  readonly args: readonly string[];
  /** Every option of the table: given, from the environment, or its default. Frozen. */
  readonly options: Options;
  /** Data only. */
  readonly stdout: NodeJS.WritableStream;
  /** Everything a person reads: progress, summaries, warnings. */
  readonly stderr: NodeJS.WritableStream;
  readonly clock: Clock;
  /** Aborted by SIGINT and SIGTERM: flush, commit what is whole, and return. */
  readonly signal: AbortSignal;
}

/**
 * Runs one command to its end and resolves to the exit status: 0 done, 1 it failed, 2 wrong usage. A VpcflowError
 * that it rejects with becomes one sentence on stderr and status 1 (2 where its HTTP status is 400); anything else is a
 * defect.
 */
export type Run = (context: CommandContext) => Promise<number>;

/** What stands after the options: its name in the usage line, how many, and what it is. */
export interface Operand {
  readonly name: string;
  readonly many: boolean; // one or more; otherwise exactly one
  /** Whether there may be none: the command itself says when it needs one. */
  readonly optional?: boolean;
  readonly help: string;
  /** What may stand after it, as often as one likes: the command itself says when it needs some, or none. */
  readonly rest?: { readonly name: string; readonly help: string };
}

/** One of the things that a command does, which its first operand names. */
export interface ActionHelp {
  readonly name: string;
  /** What stands after its name: `WHAT...`. */
  readonly operands?: string;
  /** A line in the list of the actions. */
  readonly summary: string;
  /** What its own help says; without it the summary. */
  readonly help?: string;
}

/** A list that a command's help has after its options. */
export interface Appendix {
  readonly title: string;
  readonly items: readonly { readonly term: string; readonly help: string }[];
}

/** One row of the command table (consumers/commands.ts). The module is loaded only when the command runs. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly operand?: Operand;
  /** What the command takes, in the order of its help. */
  readonly options: readonly OptionKey[];
  /** Those of `options` that must be given, on the command line or in the environment. */
  readonly required: readonly OptionKey[];
  /** Those of `options` that nothing looks at without something else; typed there, they are refused. */
  readonly onlyWith?: readonly OnlyWith[];
  /** What an option means here, where that is not the text of its row. */
  readonly help?: Readonly<Partial<Record<OptionKey, string>>>;
  /** Each of the actions that its operand names: its help is a list of them, and each has one of its own. */
  readonly actions?: () => Promise<readonly ActionHelp[]>;
  /** Loaded, as the actions, only when the help of this command is shown. */
  readonly appendix?: () => Promise<Appendix>;
  readonly load: () => Promise<{ readonly run: Run }>;
}
