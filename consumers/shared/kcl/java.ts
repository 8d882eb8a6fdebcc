// Turns the name of a Java program into its path and version, having run it once, or into what has to be installed.
import { type ExecFileException, execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { VpcflowError } from '../../../schemas/errors.ts';

/** The release that the Client Library and its dependencies are run with and tested on. */
const OLDEST_JAVA = 17;

const INSTALL =
  'install a Java 17 (or newer) runtime, such as Debian’s openjdk-17-jre-headless, and name its program with --java or its directory with JAVA_HOME';

const unusable = (what: string, cause?: unknown): VpcflowError =>
  new VpcflowError('VF_ENGINE', what, { cause, help: INSTALL });

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** Where the program is: a path as it stands, `java` in JAVA_HOME where that is set, any other name on the PATH. */
const locate = (java: string, environment: Readonly<Record<string, string | undefined>>): string => {
  if (java.includes('/')) {
    if (isProgram(resolve(java))) return resolve(java);
    throw unusable(`--java ${java} is not a program`);
  }
  if (java === 'java' && environment.JAVA_HOME) {
    const path = resolve(environment.JAVA_HOME, 'bin', 'java');
    if (isProgram(path)) return path;
    throw unusable(`JAVA_HOME is ${environment.JAVA_HOME}, and there is no program ${path}`);
  }
  const directories = (environment.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  const path = directories.map((directory) => join(directory, java)).find(isProgram);
  if (path === undefined) throw unusable(`there is no program ${java} on the PATH`);
  return resolve(path);
};

/**
 * The version in what `java -version` writes (`openjdk version "17.0.15" 2025-04-15`), and the release that it is of:
 * 17 of 17.0.15, 8 of 1.8.0_402, 25 of 25-ea. Null when it says none.
 */
export const javaVersion = (output: string): { readonly version: string; readonly release: number } | null => {
  const match = /^\S+ version "((?:1\.)?(\d+)[^"]*)"/m.exec(output);
  return match === null ? null : { version: match[1]!, release: Number(match[2]) };
};

const ANSWER_MS = 30_000;

/** Of a program that said nothing; one that could not be run at all is told by the system's own words. */
const howItEnded = ({ killed, signal, code, message }: ExecFileException): string => {
  if (killed) return `it did not answer within ${ANSWER_MS / 1000} s`;
  if (signal) return `it was ended by ${signal} and said nothing`;
  return typeof code === 'number' ? `it ended with status ${code} and said nothing` : message;
};

/** In one line, without what the JVM says of a variable that it takes options from: there may be secrets in them. */
const brief = (text: string): string =>
  text
    .replace(/^(?:NOTE: )?Picked up .*$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);

/** Runs `path -version`; resolves to all that it wrote. */
const ask = (path: string, environment: Readonly<Record<string, string | undefined>>): Promise<string> =>
  new Promise((fulfil, reject) => {
    execFile(path, ['-version'], { env: { ...environment }, timeout: ANSWER_MS }, (error, stdout, stderr) => {
      if (error === null) return fulfil(stderr + stdout);
      const said = brief(stderr) || brief(stdout) || howItEnded(error);
      reject(unusable(`${path} -version failed: ${said}`, error));
    });
  });

/**
 * Finds the Java program that `--java` names and asks it for its version. Rejects with VF_ENGINE, saying what to
 * install, when there is none, it does not run, or it is older than Java 17.
 */
export const checkJava = async (
  java: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly path: string; readonly version: string }> => {
  const path = locate(java, environment);
  const output = await ask(path, environment);
  const found = javaVersion(output);
  if (found === null) {
    const said = brief(output);
    throw unusable(`${path} is no Java: asked for its version it says ${said === '' ? 'nothing' : `"${said}"`}`);
  }
  if (found.release < OLDEST_JAVA)
    throw unusable(`${path} is Java ${found.version}, and the Client Library needs ${OLDEST_JAVA}`);
  return { path, version: found.version };
};
