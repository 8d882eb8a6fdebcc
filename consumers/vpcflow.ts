#!/usr/bin/env node
// Turns a command line into one run of a command: parses it, loads the command's module, and maps its end to an exit status.
import { inspect } from 'node:util';
import { CommanderError, Command as Parser } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { ERRORS, VpcflowError } from '../schemas/errors.ts';
import { COMMANDS } from './commands.ts';
import { systemClock } from './shared/clock.ts';
import type { Command } from './shared/command.ts';
import { completeHelp, isHelpAsked, optionHelp } from './shared/command-help.ts';
import { OPTIONS } from './shared/options.ts';
import { configuration, type Given, readOptions } from './shared/read-options.ts';

/** The HTTP status of what is wrong with the question itself: on a command line, wrong usage. */
const BAD_REQUEST = 400;

/** A second Ctrl-C ends the process at once; npm passes the terminal's own on within milliseconds, which is the same one. */
const SAME_SIGNAL_MS = 1000;

// Read by libuv when the first of its threads is needed. DuckDB holds one for each query that runs (shared/query/lanes.ts).
process.env.UV_THREADPOOL_SIZE ||= '8';

/** Lines of help are as long as the terminal is wide. */
const HELP_WIDTH = process.stdout.columns ?? 100;

/** Runs one command with what commander found; commander itself knows no option's type or default. */
const execute = async (command: Command, operands: readonly string[], given: Given): Promise<number> => {
  const options = readOptions(command, given, process.env, operands);
  if (options.printConfig) {
    process.stdout.write(configuration(command, given, process.env));
    if (!options.check) return 0;
  }
  const interruption = new AbortController();
  let firstSignal: number | null = null;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    firstSignal ??= now;
    if (now - firstSignal > SAME_SIGNAL_MS) process.exit(signal === 'SIGINT' ? 130 : 143);
    interruption.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const { run } = await command.load();
  return await run({
    args: operands,
    options,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    signal: interruption.signal,
  });
};

/** The parser of all commands; `done` is told the exit status of the one that ran. */
const buildParser = (done: (status: number) => void): Parser => {
  const parser = new Parser('vpcflow')
    .description(packageJson.description)
    .version(packageJson.version, '-V, --version', 'print the version')
    .configureHelp({ showGlobalOptions: false, minWidthToWrap: 20 })
    .configureOutput({
      outputError: () => {}, // main says it in one sentence
      getOutHelpWidth: () => HELP_WIDTH,
    })
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 it failed, 2 wrong usage. VPCFLOW_DEBUG=1 shows where an error came from.',
    );
  for (const command of COMMANDS) {
    const sub = parser.command(command.name).summary(command.summary).description(command.summary);
    if (command.operand !== undefined) {
      const { name, many, optional, help, rest } = command.operand;
      const operand = `${name}${many ? '...' : ''}`;
      sub.argument(optional === true ? `[${operand}]` : `<${operand}>`, help);
      if (rest !== undefined) sub.argument(`[${rest.name}...]`, rest.help);
    }
    for (const key of command.options) {
      const { name, metavar } = OPTIONS[key];
      sub.option(`--${name}${metavar === null ? '' : ` <${metavar}>`}`, optionHelp(command, key));
    }
    sub.action(async () => {
      // commander keeps options by camel-cased name; the table knows them by the name that is typed.
      const byName = new Map(sub.options.map((option) => [option.attributeName(), option.long?.slice(2) ?? '']));
      const given = Object.entries(sub.opts()).map(([key, value]) => [byName.get(key) ?? key, value]);
      done(await execute(command, sub.args, Object.fromEntries(given)));
    });
  }
  return parser;
};

/** Of the commands that `argv` names, where help is asked for. */
const addHelp = async (parser: Parser, argv: readonly string[]): Promise<void> => {
  if (!isHelpAsked(argv)) return;
  for (const sub of parser.commands.filter((one) => argv.includes(one.name()))) {
    const command = COMMANDS.find(({ name }) => name === sub.name());
    if (command !== undefined) await completeHelp(command, sub, { argv, width: HELP_WIDTH });
  }
};

const report = (message: string): void => {
  process.stderr.write(`vpcflow: ${message}\n`);
};

/** The exit status of an error, after saying what it was in one sentence. */
const fail = (error: unknown): number => {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // --help and --version
    if (error.code !== 'commander.help')
      report(`${error.message.replace(/^error: |\.$/g, '').replace(/\s+/g, ' ')}; see --help (VF_USAGE)`);
    return 2;
  }
  if (process.env.VPCFLOW_DEBUG === '1') process.stderr.write(`${inspect(error)}\n`);
  if (error instanceof VpcflowError) {
    report(error.sentence);
    return ERRORS[error.code].status === BAD_REQUEST ? 2 : 1;
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  report(`unexpected ${what.replace(/\s+/g, ' ')}; run it again with VPCFLOW_DEBUG=1 and report what it shows`);
  return 1;
};

/** Resolves when everything written so far has left the process. */
const flushed = async (stream: NodeJS.WriteStream): Promise<void> => {
  // Nothing is written to what may be closed only to hear that: it would end the process as broken, not as it ended.
  if (stream.writableLength > 0) await new Promise<void>((resolve) => stream.write('', () => resolve()));
};

const main = async (argv: readonly string[]): Promise<number> => {
  let status = 0;
  try {
    const parser = buildParser((ended) => {
      status = ended;
    });
    await addHelp(parser, argv);
    await parser.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return fail(error);
  }
};

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : fail(error));
});
// The log is not the work: a worker whose log nobody can take goes on, and ends as it would have, with its own status.
process.stderr.on('error', () => {});
// Nothing may fail unseen: a promise that nobody awaits ends the process like any other defect.
process.on('uncaughtException', (error) => process.exit(fail(error)));
process.on('unhandledRejection', (error) => process.exit(fail(error)));

const status = await main(process.argv.slice(2));
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(status);
