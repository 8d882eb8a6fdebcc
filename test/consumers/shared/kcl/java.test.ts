// Java programs that are there, are missing, are too old or do not run: which one is taken, and what the error says.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkJava, javaVersion } from '../../../../consumers/shared/kcl/java.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { requirement } from '../../../requirements.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-java-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that says `output` on stderr as `java -version` does, and ends with the status. */
const program = (path: string, output: string, status = 0): string => {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\ncat >&2 <<'END'\n${output}\nEND\nexit ${status}\n`);
  chmodSync(file, 0o755);
  return file;
};

const real = await checkJava('java', process.env).catch(() => null);
const environment = (more: Record<string, string> = {}) => ({ PATH: '/usr/bin:/bin', ...more });
const failure = async (java: string, variables: Record<string, string | undefined>): Promise<string> => {
  const error = await checkJava(java, variables).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof VpcflowError)) throw new Error(`no VpcflowError but ${error}`);
  expect([error.code, error.help]).toEqual(['VF_ENGINE', expect.stringContaining('install a Java 17')]);
  return error.message;
};

describe('the version', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)', '17.0.15', 17],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21" 2023-09-19', '21', 21],
    ['java version "1.8.0_402"\nJava(TM) SE Runtime Environment', '1.8.0_402', 8],
    ['openjdk version "25-ea" 2025-09-16', '25-ea', 25],
    ['openjdk version "11.0.22" 2024-01-16 LTS', '11.0.22', 11],
  ])('of %j is %s, release %i', (output, version, release) => {
    expect(javaVersion(output)).toEqual({ version, release });
  });

  test('of a program that says none is none', () => {
    expect(javaVersion('usage: java [-options] version "17"')).toBeNull();
  });
});

describe('the program', () => {
  const seventeen = program('home/bin/java', 'openjdk version "17.0.1" 2021-10-19');
  const twentyOne = program('path/java', 'openjdk version "21.0.2" 2024-01-16');

  test('is the one that --java names, the one of JAVA_HOME, or the first on the PATH', async () => {
    const home = { JAVA_HOME: join(folder, 'home') };
    const path = { PATH: `:${join(folder, 'nothing')}:${join(folder, 'path')}:/usr/bin:/bin` };
    expect(await checkJava(twentyOne, environment(home))).toEqual({ path: twentyOne, version: '21.0.2' });
    expect(await checkJava('java', { ...path, ...home })).toEqual({ path: seventeen, version: '17.0.1' });
    expect(await checkJava('java', path)).toEqual({ path: twentyOne, version: '21.0.2' });
    symlinkSync(twentyOne, join(folder, 'path/java21'));
    expect((await checkJava('java21', { ...path, ...home })).path).toBe(join(folder, 'path/java21'));
  });

  test('that is not there is named, and where it was looked for', async () => {
    expect(await failure('/nowhere/java', environment())).toBe('--java /nowhere/java is not a program');
    expect(await failure(folder, environment())).toBe(`--java ${folder} is not a program`);
    expect(await failure('java', environment({ JAVA_HOME: '/nowhere' }))).toBe(
      'JAVA_HOME is /nowhere, and there is no program /nowhere/bin/java',
    );
    expect(await failure('java', { PATH: folder })).toBe('there is no program java on the PATH');
    expect(await failure('java', {})).toBe('there is no program java on the PATH');
  });

  test('that is too old, ends badly or says nothing is of no use', async () => {
    const old = program('old', 'java version "1.8.0_402"');
    expect(await failure(old, environment())).toBe(`${old} is Java 1.8.0_402, and the Client Library needs 17`);
    const broken = program('broken', 'error while loading shared libraries: libjli.so', 127);
    expect(await failure(broken, environment())).toBe(
      `${broken} -version failed: error while loading shared libraries: libjli.so`,
    );
    const silent = program('silent', 'hello');
    expect(await failure(silent, environment())).toBe(`${silent} is no Java: asked for its version it says "hello"`);
  });

  test('that says nothing at all is told in a sentence that is whole, and only once', async () => {
    expect(await failure('/bin/true', environment())).toBe(
      '/bin/true is no Java: asked for its version it says nothing',
    );
    expect(await failure('/bin/false', environment())).toBe(
      '/bin/false -version failed: it ended with status 1 and said nothing',
    );
    const shot = program('shot', 'x');
    writeFileSync(shot, '#!/bin/sh\nkill -s KILL $$\n');
    expect(await failure(shot, environment())).toBe(
      `${shot} -version failed: it was ended by SIGKILL and said nothing`,
    );
  });

  test('says nothing of what is in the variables that it reads', async () => {
    const picked = 'NOTE: Picked up JDK_JAVA_OPTIONS: -Dpassword=x\nPicked up JAVA_TOOL_OPTIONS: -Dpassword=x';
    const odd = program('odd', `${picked}\nwhat?`);
    expect(await failure(odd, environment())).toBe(`${odd} is no Java: asked for its version it says "what?"`);
    const bad = program('bad', `${picked}\nError: it is broken`, 1);
    expect(await failure(bad, environment())).toBe(`${bad} -version failed: Error: it is broken`);
  });

  test.skipIf(!requirement('Java 17', real !== null, 'asks a real Java for its version'))(
    'of this machine says its version',
    () => expect(real?.version).toMatch(/^(1[7-9]|[2-9]\d)\b/),
  );
});
