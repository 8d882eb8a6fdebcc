// Directories that hold the right jars, others, or none; and that the pinned names are those of infra/kcl/pom.xml.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findJars, jarsDirectory, KCL } from '../../../../consumers/shared/kcl/jars.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { ROOT } from '../../../source-files.ts';

const caches = mkdtempSync(join(tmpdir(), 'vpcflow-jars-'));
afterAll(() => rmSync(caches, { recursive: true, force: true }));
const environment = { XDG_CACHE_HOME: caches };

const directory = (name: string, ...jars: readonly string[]): string => {
  const path = join(caches, name);
  mkdirSync(path, { recursive: true });
  for (const jar of jars) writeFileSync(join(path, jar), '');
  return path;
};
const daemon = (version: string) => `amazon-kinesis-client-multilang-${version}.jar`;

const failure = async (given: string | null): Promise<VpcflowError> => {
  const error = await findJars(given, environment).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof VpcflowError)) throw new Error(`no VpcflowError but ${error}`);
  return error;
};

describe('the jars', () => {
  test('are where they were named, relative to the working directory, or in the user’s cache', async () => {
    const named = directory('named', daemon(KCL.version), 'amazon-kinesis-client-3.1.3.jar');
    expect(await findJars(named, environment)).toBe(named);
    expect(await findJars(relative(process.cwd(), named), environment)).toBe(named);
    const { message, code, help } = await failure(null);
    expect([code, message]).toEqual([
      'VF_ENGINE',
      `the jars of the Kinesis Client Library ${KCL.version} are not at ${jarsDirectory(environment)}`,
    ]);
    for (const way of ['npm run kcl', '--kcl-jars', 'container image']) expect(help).toContain(way);
    directory(relative(caches, jarsDirectory(environment)), daemon(KCL.version));
    expect(await findJars(null, environment)).toBe(jarsDirectory(environment));
  });

  test('that are missing come with the command that fetches them, with its real paths', async () => {
    const missing = join(caches, 'not there');
    const pom = join(ROOT, 'infra/kcl/pom.xml');
    expect((await failure(missing)).help).toContain(
      `Apache Maven: mvn -B -C -ntp -f ${pom} dependency:copy-dependencies '-DoutputDirectory=${missing}';`,
    );
    expect(existsSync(pom)).toBe(true);
    // Never into a directory that holds others.
    const other = directory('older', daemon('2.7.2'));
    expect((await failure(other)).help).toContain(`\`npm run kcl\` in ${ROOT};`);
  });

  test('that are missing in an installed package, which has no npm run kcl, come with it too', async () => {
    const installed = mkdtempSync(join(tmpdir(), 'vpcflow-installed-'));
    try {
      // As a package has them: the modules in dist/, and no fetch.ts.
      for (const path of ['consumers/shared/kcl/jars.ts', 'schemas/errors.ts'])
        cpSync(join(ROOT, path), join(installed, 'dist', path));
      cpSync(join(ROOT, 'infra/kcl/pom.xml'), join(installed, 'infra/kcl/pom.xml'));
      const module = await import(join(installed, 'dist/consumers/shared/kcl/jars.ts'));
      const error = await module.findJars(null, { XDG_CACHE_HOME: join(installed, 'caches') }).catch(Object);
      expect(error.help).toContain(
        `mvn -B -C -ntp -f ${join(installed, 'infra/kcl/pom.xml')} dependency:copy-dependencies -DoutputDirectory=${jarsDirectory({ XDG_CACHE_HOME: join(installed, 'caches') })};`,
      );
    } finally {
      rmSync(installed, { recursive: true });
    }
  });

  test('of another version, of two, or of something else are refused', async () => {
    const other = directory('other', daemon('2.7.2'));
    expect((await failure(other)).message).toBe(
      `${other} holds the MultiLangDaemon 2.7.2, and this vpcflow needs ${KCL.version}`,
    );
    const both = directory('both', daemon('2.7.2'), daemon(KCL.version));
    expect((await failure(both)).message).toContain(`holds the MultiLangDaemon 2.7.2 and ${KCL.version}`);
    const neither = directory('neither', 'guava.jar');
    expect((await failure(neither)).message).toBe(
      `${neither} does not hold the MultiLangDaemon of the Kinesis Client Library`,
    );
  });

  test('have a directory of their own for each version and each pom.xml', () => {
    expect(jarsDirectory(environment)).toBe(join(caches, 'vpcflow', `kcl-${KCL.version}-${KCL.pom}`));
    for (const none of [{}, { XDG_CACHE_HOME: '' }, { XDG_CACHE_HOME: 'relative' }])
      expect(jarsDirectory(none)).toBe(join(homedir(), '.cache', 'vpcflow', `kcl-${KCL.version}-${KCL.pom}`));
  });

  test('are those of infra/kcl/pom.xml: its version, and the first digits of its SHA-256', () => {
    const pom = readFileSync(join(ROOT, 'infra/kcl/pom.xml'));
    expect(KCL.pom).toBe(createHash('sha256').update(pom).digest('hex').slice(0, 8));
    expect(/<kcl\.version>(.*)<\/kcl\.version>/.exec(pom.toString())?.[1]).toBe(KCL.version);
    expect(pom.toString()).not.toMatch(/<repositor|<pluginRepositor|<url>/);
  });
});
