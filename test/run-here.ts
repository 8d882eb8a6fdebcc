// Runs a command of `vpcflow` in this process, which costs a tenth of one of its own: its output, its exit status, its end.
import { PassThrough } from 'node:stream';
import { inspect, parseArgs } from 'node:util';
import { COMMANDS } from '../consumers/commands.ts';
import { systemClock } from '../consumers/shared/clock.ts';
import { OPTIONS } from '../consumers/shared/options.ts';
import { type Given, readOptions } from '../consumers/shared/read-options.ts';
import { ERRORS, VpcflowError } from '../schemas/errors.ts';
import type { Ended } from './run-vpcflow.ts';

/** One life of a command. */
export interface Life {
  /** What has come so far. */
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
  /** Asks it to end, as SIGTERM does. */
  readonly interrupt: () => void;
}

/** A command line, taken apart as the dispatcher does. */
const parse = ([name = '', ...args]: readonly string[]) => {
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) throw new Error(`no command is called ${name}`);
  const flags = command.options.map((key) => {
    const { name: flag, metavar } = OPTIONS[key];
    return [flag, { type: metavar === null ? ('boolean' as const) : ('string' as const) }];
  });
  const { values, positionals } = parseArgs({ args, options: Object.fromEntries(flags), allowPositionals: true });
  // A flag is true or not given.
  return { command, given: values as Given, operands: positionals };
};

const collect = (stream: PassThrough): (() => string) => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
};

/** As `vpcflow` has it. */
const statusOf = (error: VpcflowError): number => (ERRORS[error.code].status === 400 ? 2 : 1);

/** With variables, which are those of the whole process until it has ended: one at a time. */
export const startHere = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Life => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const [stdout, stderr] = [collect(out), collect(err)];
  const interruption = new AbortController();
  const before = { ...process.env };
  const live = async (): Promise<number> => {
    Object.assign(process.env, environment);
    try {
      const { command, given, operands } = parse(args);
      const options = readOptions(command, given, environment, operands);
      const { run } = await command.load();
      const context = { args: operands, options, stdout: out, stderr: err, clock: systemClock };
      return await run({ ...context, signal: interruption.signal });
    } catch (error) {
      err.write(error instanceof VpcflowError ? `vpcflow: ${error.sentence}\n` : `${inspect(error)}\n`);
      return error instanceof VpcflowError ? statusOf(error) : 1;
    } finally {
      for (const name of Object.keys(environment)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  };
  const ended = live().then((status) => ({ status, signal: null, stdout: stdout(), stderr: stderr() }));
  return { stderr, ended, interrupt: () => interruption.abort() };
};

export const runHere = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  startHere(args, environment).ended;
