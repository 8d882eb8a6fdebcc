// Runs `vpcflow mirror` in this process, which costs a tenth of one of its own: its output, its exit status, its end.
import { PassThrough } from 'node:stream';
import { parseArgs } from 'node:util';
import { COMMANDS } from '../../../consumers/commands.ts';
import { run } from '../../../consumers/mirror/main.ts';
import { systemClock } from '../../../consumers/shared/clock.ts';
import { OPTIONS } from '../../../consumers/shared/options.ts';
import { type Given, readOptions } from '../../../consumers/shared/read-options.ts';
import { ERRORS, VpcflowError } from '../../../schemas/errors.ts';
import type { Ended } from '../../run-vpcflow.ts';

/** One life of a command. */
export interface Life {
  /** What has come so far. */
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
  /** Asks it to end, as SIGTERM does. */
  readonly interrupt: () => void;
}

const command = COMMANDS.find(({ name }) => name === 'mirror')!;

const flags = Object.fromEntries(
  command.options.map((key) => {
    const { name, metavar } = OPTIONS[key];
    return [name, { type: metavar === null ? ('boolean' as const) : ('string' as const) }];
  }),
);

const collect = (stream: PassThrough): (() => string) => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
};

/** As `vpcflow` has it. */
const statusOf = (error: VpcflowError): number => (ERRORS[error.code].status === 400 ? 2 : 1);

/** Its variables are those of the whole process until it has ended: one at a time. */
export const startHere = (args: readonly string[], environment: Readonly<Record<string, string>>): Life => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const [stdout, stderr] = [collect(out), collect(err)];
  const interruption = new AbortController();
  const before = { ...process.env };
  const live = async (): Promise<number> => {
    Object.assign(process.env, environment);
    try {
      const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
      const options = readOptions(command, values as Given, environment, positionals);
      const context = { args: positionals, options, stdout: out, stderr: err, clock: systemClock };
      return await run({ ...context, signal: interruption.signal });
    } catch (error) {
      if (!(error instanceof VpcflowError)) throw error;
      err.write(`vpcflow: ${error.sentence}\n`);
      return statusOf(error);
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
