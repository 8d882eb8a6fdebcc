// Runs a command's module as the dispatcher does, and collects what it prints.
import { Writable } from 'node:stream';
import type { Run } from '../../../consumers/shared/command.ts';
import { OPTIONS, type OptionKey } from '../../../consumers/shared/options.ts';
import { readOptions } from '../../../consumers/shared/read-options.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

export interface Printed {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function collector(): { readonly stream: Writable; readonly pieces: Buffer[] } {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write(piece, _encoding, done) {
      pieces.push(Buffer.from(piece));
      done();
    },
  });
  return { stream, pieces };
}

/** `given` by option name; `keys` are the options that the command takes. `now` is the clock's time, Unix ms. */
export async function runCommand(
  run: Run,
  keys: readonly OptionKey[],
  given: Readonly<Record<string, string>>,
  now: number,
): Promise<Printed> {
  const unknown = Object.keys(given).filter((name) => !keys.some((key) => OPTIONS[key].name === name));
  if (unknown.length > 0) throw new Error(`the command has no option ${unknown.join(', ')}`);
  const [out, err] = [collector(), collector()];
  const status = await run({
    args: [],
    options: readOptions({ options: keys, required: [] }, given, {}),
    stdout: out.stream,
    stderr: err.stream,
    clock: new ManualClock(now),
    signal: new AbortController().signal,
  });
  return { status, stdout: Buffer.concat(out.pieces), stderr: Buffer.concat(err.pieces).toString() };
}
