// Turns --kcl-jars, or its absence, into the directory that holds the jars of the pinned Kinesis Client Library.
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { VpcflowError } from '../../../schemas/errors.ts';

/** What infra/kcl/pom.xml resolves: the daemon's version, and the first digits of the file's own SHA-256. */
export const KCL = { version: '3.1.3', pom: '8e4eb6f4' } as const;

const DAEMON = /^amazon-kinesis-client-multilang-(\d.*)\.jar$/;
const HELP =
  'fetch the jars with `npm run kcl` in a clone (with Maven and infra/kcl/pom.xml in an installed package), name their directory with --kcl-jars, or use the container image';

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
  const fail = (what: string) => new VpcflowError('VF_ENGINE', what, { help: HELP });
  const names = listed(place);
  if (names === null) throw fail(`the jars of the Kinesis Client Library ${KCL.version} are not at ${place}`);
  const versions = names.map((name) => DAEMON.exec(name)?.[1]).filter((version) => version !== undefined);
  if (versions.length === 0) throw fail(`${place} does not hold the MultiLangDaemon of the Kinesis Client Library`);
  if (versions.length > 1 || versions[0] !== KCL.version) {
    throw fail(`${place} holds the MultiLangDaemon ${versions.join(' and ')}, and this vpcflow needs ${KCL.version}`);
  }
  return place;
};
