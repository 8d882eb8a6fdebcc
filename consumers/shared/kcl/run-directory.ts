// Turns a worker's run into a private directory: the daemon's two files, the program that starts a child, and their socket.
import { accessSync, constants, rmSync } from 'node:fs';
import { mkdtemp, readdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VpcflowError } from '../../../schemas/errors.ts';
import { CHILD_FILE_VARIABLE, childFileText } from './child-file.ts';
import { LOGBACK } from './logback.ts';

/** What the kernel's address of a unix socket holds on every system, its end included. */
const LONGEST_SOCKET_PATH = 103; // bytes
const HELP = 'set TMPDIR to another directory';

export interface RunDirectory {
  readonly path: string;
  /** Paths inside. The daemon splits the name of its executable at spaces, so there is none in them. */
  readonly properties: string;
  readonly logback: string;
  readonly launcher: string;
  readonly socket: string;
  /** Writes all but the properties: `child` is the module of a child, `configuration` what it is given. */
  writeChild(child: URL, configuration: unknown): Promise<void>;
  writeProperties(text: string): Promise<void>;
  /** Makes all of it young again: what clears temporary directories of old files knows no worker that runs for weeks. */
  touch(): Promise<void>;
  /** Removes it; synchronous, so that a process that exits at once can. */
  remove(): void;
}

/** For `sh`: the text itself, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The daemon talks to a child over descriptors 0 and 1. The child finds the latter at 3, and in its place what the
 * daemon passes on as log: nothing that writes to standard output can reach the protocol, native code included.
 */
const launcherText = (childFile: string, child: URL): string =>
  [
    '#!/bin/sh',
    `${CHILD_FILE_VARIABLE}=${quoted(childFile)}`,
    `export ${CHILD_FILE_VARIABLE}`,
    `exec ${quoted(process.execPath)} ${quoted(fileURLToPath(child))} 3>&1 1>&2`,
    '',
  ].join('\n');

const unwritten = (what: string, cause: unknown): VpcflowError => {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const help = 'free space or set TMPDIR to another directory';
  return new VpcflowError('VF_ENGINE', `${what}: ${detail}`, { cause, help });
};

const create = async (): Promise<string> => {
  try {
    return await mkdtemp(join(tmpdir(), 'vpcflow-kcl-')); // mode 0700
  } catch (cause) {
    throw unwritten(`no directory can be made in ${tmpdir()}`, cause);
  }
};

const write = async (path: string, text: string, mode: number): Promise<void> => {
  try {
    await writeFile(path, text, { mode });
  } catch (cause) {
    throw unwritten(`${path} cannot be written`, cause);
  }
};

/** Throws VF_ENGINE where the temporary directory cannot serve: white space or too long a path. */
const check = (path: string, socket: string): void => {
  if (/\s/.test(path))
    throw new VpcflowError('VF_ENGINE', `the temporary directory "${tmpdir()}" has white space in its name`, {
      help: HELP,
    });
  if (Buffer.byteLength(socket) > LONGEST_SOCKET_PATH)
    throw new VpcflowError('VF_ENGINE', `the path of the temporary directory "${tmpdir()}" is too long for a socket`, {
      help: HELP,
    });
};

/** Creates it under the system's temporary directory. It is removed when the process exits, if it was not before. */
export const createRunDirectory = async (): Promise<RunDirectory> => {
  const path = await create();
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(path, { recursive: true, force: true });
  };
  process.on('exit', remove);
  const inside = (name: string): string => join(path, name);
  const [properties, logback, launcher] = [inside('kcl.properties'), inside('logback.xml'), inside('child.sh')];
  const [childFile, socket] = [inside('child.json'), inside('link')];
  try {
    check(path, socket);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    ...{ path, properties, logback, launcher, socket, remove },
    writeChild: async (child, configuration) => {
      await write(logback, LOGBACK, 0o600);
      await write(childFile, childFileText({ socket, configuration }), 0o600);
      await write(launcher, launcherText(childFile, child), 0o700);
      try {
        accessSync(launcher, constants.X_OK);
      } catch (cause) {
        const what = `programs in the temporary directory "${tmpdir()}" may not be run (it is mounted noexec)`;
        throw new VpcflowError('VF_ENGINE', what, { cause, help: HELP });
      }
    },
    writeProperties: async (text) => await write(properties, text, 0o600),
    touch: async () => {
      const now = new Date();
      const all = [path, ...(await readdir(path).catch(() => [])).map(inside)];
      await Promise.all(all.map((each) => utimes(each, now, now).catch(() => {})));
    },
  };
};
