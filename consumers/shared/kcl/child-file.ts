// Turns what a worker hands to each of its child processes into the text of a file, and that file back.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { VpcflowError } from '../../../schemas/errors.ts';

/** The environment variable that names the file; the launcher sets it. */
export const CHILD_FILE_VARIABLE = 'VPCFLOW_KCL_CHILD';

const ChildFile = z.strictObject({
  /** Path of the worker's unix socket. */
  socket: z.string().min(1),
  /** What the composition root of the child asked for; it validates it. */
  configuration: z.unknown(),
});

export type ChildFile = z.infer<typeof ChildFile>;

/** The text of the file. `configuration` must be JSON. */
export const childFileText = (file: ChildFile): string => `${JSON.stringify(file)}\n`;

/** Reads the file that the variable names. Throws VF_ENGINE where a child was not started by a worker. */
export const readChildFile = (environment: Readonly<Record<string, string | undefined>>): ChildFile => {
  const path = environment[CHILD_FILE_VARIABLE];
  const help = 'run a consumer with --engine kcl, which starts its own children';
  if (path === undefined)
    throw new VpcflowError('VF_ENGINE', `${CHILD_FILE_VARIABLE} is not set: this program is run by a worker`, { help });
  try {
    return ChildFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new VpcflowError('VF_ENGINE', `the child file ${path} cannot be read: ${cause}`, { cause, help });
  }
};
