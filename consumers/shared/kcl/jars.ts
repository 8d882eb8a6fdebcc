// Turns --kcl-jars, or its absence, into the directory that holds the jars of the pinned Kinesis Client Library.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VpcflowError } from '../../../schemas/errors.ts';

/** What infra/kcl/pom.xml resolves: the daemon's version, and the first digits of the file's own SHA-256. */
export const KCL = { version: '3.1.3', pom: '8e4eb6f4' } as const;

const DAEMON = /^amazon-kinesis-client-multilang-(\d.*)\.jar$/;

/** Maven's arguments to fetch the jars into a directory; a checksum that differs is an error (-C). */
export const mavenArguments = (pom: string, directory: string): readonly string[] => {
  return ['-B', '-C', '-ntp', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${directory}`];
};

/** infra/kcl of the clone or package that this module is of, whose modules lie deeper in a package (dist/). */
const fetching = (): string => {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'infra/kcl/pom.xml')) && root !== dirname(root)) root = dirname(root);
  return join(root, 'infra/kcl');
};

/** As a shell takes it for one word. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** How to get the jars into the directory, which is the default one when `usual`, on this very machine. */
const howToFetch = (directory: string, usual: boolean): string => {
  const infra = fetching();
  const maven = `mvn ${mavenArguments(join(infra, 'pom.xml'), directory).map(quoted).join(' ')}`;
  const script = usual && existsSync(join(infra, 'fetch.ts')); // a package has none
  const fetch = script ? `\`npm run kcl\` in ${dirname(dirname(infra))}` : `Apache Maven: ${maven}`;
  return `fetch the jars with ${fetch}; or name their directory with --kcl-jars, or use the container image`;
};

/**
 * Where `npm run kcl` puts the jars and where they are looked for: in the user's cache, outside any clone. Another
 * pom.xml gives another directory, so versions of vpcflow do not disturb one another.
 */
export const jarsDirectory = (environment: Readonly<Record<string, string | undefined>>): string => {
  const given = environment.XDG_CACHE_HOME ?? '';
  const caches = isAbsolute(given) ? given : join(homedir(), '.cache'); // a relative one is none, says the XDG standard
  return join(caches, 'vpcflow', `kcl-${KCL.version}-${KCL.pom}`);
};

/** The names in the directory; null when it cannot be listed. */
const listed = (directory: string): readonly string[] | null => {
  try {
    return readdirSync(directory);
  } catch {
    return null;
  }
};

/**
 * The absolute path of the directory with the jars: `--kcl-jars`, or where `npm run kcl` puts them. Rejects with
 * VF_ENGINE, saying how to get them, when it is not there or its MultiLangDaemon is not the pinned version.
 */
export const findJars = async (
  directory: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> => {
  const place = directory === null ? jarsDirectory(environment) : resolve(directory);
  const usual = jarsDirectory(environment);
  // Never beside jars of another version, which would stay.
  const fail = (what: string, into = usual) =>
    new VpcflowError('VF_ENGINE', what, { help: howToFetch(into, into === usual) });
  const names = listed(place);
  if (names === null) throw fail(`the jars of the Kinesis Client Library ${KCL.version} are not at ${place}`, place);
  const versions = names.map((name) => DAEMON.exec(name)?.[1]).filter((version) => version !== undefined);
  if (versions.length === 0) throw fail(`${place} does not hold the MultiLangDaemon of the Kinesis Client Library`);
  if (versions.length > 1 || versions[0] !== KCL.version) {
    throw fail(`${place} holds the MultiLangDaemon ${versions.join(' and ')}, and this vpcflow needs ${KCL.version}`);
  }
  return place;
};
