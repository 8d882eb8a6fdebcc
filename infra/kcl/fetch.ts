// `npm run kcl`: turns pom.xml into the directory of jars that `--engine kcl` runs, in the user's cache outside any clone.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJars, jarsDirectory, KCL, mavenArguments } from '../../consumers/shared/kcl/jars.ts';
import { VpcflowError } from '../../schemas/errors.ts';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const say = (text: string): void => void process.stderr.write(text);

/** `81 jars, 35 MiB`. */
const size = (directory: string): string => {
  const jars = readdirSync(directory).filter((name) => name.endsWith('.jar'));
  const bytes = jars.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  return `${jars.length} jars, ${Math.ceil(bytes / 1_048_576)} MiB`;
};

/** Shows how many jars came so far, where somebody is looking. */
const progress = (directory: string): (() => void) => {
  if (!process.stderr.isTTY) return () => {};
  const timer = setInterval(() => say(`\r${size(directory)} fetched `), 500);
  return () => {
    clearInterval(timer);
    say('\r\x1b[K');
  };
};

/** Runs Maven to its end; rejects with VF_ENGINE and what it complained of. */
const runMaven = (directory: string, signal: AbortSignal): Promise<void> =>
  new Promise((fulfil, reject) => {
    const maven = spawn('mvn', mavenArguments(POM, directory), { stdio: ['ignore', 'pipe', 'pipe'], signal });
    let output = '';
    for (const stream of [maven.stdout, maven.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const fail = (what: string, help: string) => reject(new VpcflowError('VF_ENGINE', what, { help }));
    maven.on('error', (error: NodeJS.ErrnoException) => {
      if (maven.pid !== undefined) return; // It was started, and 'close' follows: nothing is removed under its hands.
      if (error.code === 'ENOENT')
        fail('there is no program mvn on the PATH', 'install Apache Maven (Debian: maven), or use the container image');
      else fail(`mvn could not be run: ${error.message}`, 'run `npm run kcl` again');
    });
    maven.on('close', (status, killer) => {
      if (status === 0) return fulfil();
      if (signal.aborted) return fail('the fetch was interrupted', 'run `npm run kcl` again');
      const said = output.split('\n').filter((line) => line.includes('[ERROR]'));
      const why = said.slice(0, 2).join(' ').replace(/\s+/g, ' ').slice(0, 500);
      fail(
        `mvn ended with ${killer ?? `status ${status}`}: ${why}`,
        'check that it can reach a Maven repository, and try again',
      );
    });
  });

/** Fetches into a directory beside the last one and renames it, so that what is there is always whole. */
const fetchJars = async (destination: string, signal: AbortSignal): Promise<void> => {
  mkdirSync(dirname(destination), { recursive: true });
  const fresh = mkdtempSync(join(dirname(destination), `.${basename(destination)}-`));
  try {
    const done = progress(fresh);
    await runMaven(fresh, signal).finally(done);
    await findJars(fresh, process.env);
    // What stands there and was not found good is no jars directory of this version: it is ours, by its name.
    if (!(await isThere(destination))) rmSync(destination, { recursive: true, force: true });
    if (!existsSync(destination)) renameSync(fresh, destination);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

const isThere = (directory: string): Promise<boolean> =>
  findJars(directory, process.env).then(
    () => true,
    () => false,
  );

const destination = jarsDirectory(process.env);
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
try {
  if (await isThere(destination)) {
    say(`vpcflow: the Kinesis Client Library ${KCL.version} is already in ${destination} (${size(destination)})\n`);
  } else {
    say(`vpcflow: fetching the Kinesis Client Library ${KCL.version} with Maven\n`);
    await fetchJars(destination, interrupted.signal);
    say(`vpcflow: ${size(destination)} in ${destination}\n`);
  }
} catch (error) {
  say(`vpcflow: ${error instanceof VpcflowError ? error.sentence : String(error)}\n`);
  process.exitCode = 1;
}
