// `npm run kcl` as a process: what it leaves in the cache when Maven is missing, fails, is interrupted, or works.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { findJars, jarsDirectory, KCL } from '../../consumers/shared/kcl/jars.ts';
import { requirement } from '../requirements.ts';
import { ROOT } from '../source-files.ts';
import { until } from '../until.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-fetch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const caches = join(folder, 'caches');
const kept = () => (existsSync(join(caches, 'vpcflow')) ? readdirSync(join(caches, 'vpcflow')) : []);
const destination = jarsDirectory({ XDG_CACHE_HOME: caches });
beforeEach(() => rmSync(caches, { recursive: true, force: true }));

interface Fetched {
  readonly status: number | null;
  readonly stderr: string;
}

const start = (path: string) => {
  const child = spawn(process.execPath, [join(ROOT, 'infra/kcl/fetch.ts')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, XDG_CACHE_HOME: caches, PATH: path },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = new Promise<Fetched>((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', (status) => fulfil({ status, stderr }));
  });
  return { child, ended };
};

/** A PATH on which `mvn` is a program that does this with its `$output` directory. */
const maven = (script: string): string => {
  const directory = mkdtempSync(join(folder, 'path-'));
  const parse = 'for a in "$@"; do case $a in -DoutputDirectory=*) output=${a#*=};; esac; done';
  writeFileSync(join(directory, 'mvn'), `#!/bin/sh\n${parse}\n${script}\n`);
  chmodSync(join(directory, 'mvn'), 0o755);
  return [directory, '/usr/bin', '/bin'].join(delimiter);
};
const half = `echo jar > "$output/guava.jar"`;
const whole = `${half}; echo jar > "$output/amazon-kinesis-client-multilang-${KCL.version}.jar"`;

describe('npm run kcl', () => {
  test('without Maven says what to install', async () => {
    const { status, stderr } = await start(join(folder, 'nothing')).ended;
    expect(status).toBe(1);
    expect(stderr).toContain('there is no program mvn on the PATH; install Apache Maven');
    expect(kept()).toEqual([]);
  });

  test('leaves nothing of a fetch that failed, and says what Maven said', async () => {
    const failing = `${half}; echo "[INFO] x"; echo "[ERROR] checksum validation failed for guava.jar"; exit 1`;
    const { status, stderr } = await start(maven(failing)).ended;
    expect(status).toBe(1);
    expect(stderr).toContain('mvn ended with status 1: [ERROR] checksum validation failed for guava.jar; check that');
    expect(kept()).toEqual([]);
  });

  test('leaves nothing of a fetch that was interrupted', async () => {
    const { child, ended } = start(maven(`${half}; exec sleep 600`));
    await until('Maven has fetched half', () =>
      kept().some((name) => existsSync(join(caches, 'vpcflow', name, 'guava.jar'))),
    );
    child.kill('SIGTERM');
    const { status, stderr } = await ended;
    expect(status).toBe(1);
    expect(stderr).toContain('the fetch was interrupted');
    expect(kept()).toEqual([]);
  });

  test('takes no jars for whole that lack the pinned daemon', async () => {
    const { status, stderr } = await start(maven(half)).ended;
    expect(status).toBe(1);
    expect(stderr).toContain('does not hold the MultiLangDaemon');
    expect(kept()).toEqual([]);
  });

  test('fetches once, then says that all is there; what is not whole is fetched again', async () => {
    mkdirSync(destination, { recursive: true });
    writeFileSync(join(destination, 'half.jar'), '');
    const first = await start(maven(whole)).ended;
    expect([first.status, first.stderr]).toEqual([0, expect.stringContaining(`2 jars, 1 MiB in ${destination}\n`)]);
    expect(readdirSync(destination).sort()).toEqual([
      `amazon-kinesis-client-multilang-${KCL.version}.jar`,
      'guava.jar',
    ]);
    const second = await start(maven('exit 1')).ended;
    expect([second.status, second.stderr]).toEqual([
      0,
      expect.stringContaining(`is already in ${destination} (2 jars`),
    ]);
    expect(kept()).toHaveLength(1);
  });
});

const hasMaven = (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, 'mvn')));

describe.skipIf(!requirement('Maven', hasMaven, 'resolves infra/kcl/pom.xml'))('a real Maven', () => {
  test('resolves the daemon and what it needs for roles, single sign-on, fan-out and metrics, and no schema registry', async () => {
    const { status, stderr } = await start(process.env.PATH ?? '').ended;
    expect([status, stderr]).toEqual([0, expect.stringMatching(/\d\d jars, \d\d MiB in /)]);
    const names = readdirSync(await findJars(null, { XDG_CACHE_HOME: caches })).map((name) =>
      name.replace(/-\d.*$/, ''),
    );
    const needed = [
      'sts',
      'sso',
      'ssooidc',
      'netty-codec-http2',
      'cloudwatch',
      'dynamodb-lock-client',
      'logback-classic',
    ];
    expect(names).toEqual(
      expect.arrayContaining(['amazon-kinesis-client', 'amazon-kinesis-client-multilang', ...needed]),
    );
    expect(names.filter((name) => /kafka|kotlin|avro|glue|url-connection|test/.test(name))).toEqual([]);
    // No library twice; `annotations` is two, of the SDK and of another maker.
    expect(names.filter((name, index) => names.indexOf(name) < index && name !== 'annotations')).toEqual([]);
  }, 300_000);
});
