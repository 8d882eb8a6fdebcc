// Packs the package as `npm publish` would, looks at what is in it, and runs it: built, and installed in an empty folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../consumers/commands.ts';
import packageJson from '../package.json' with { type: 'json' };
import { requirement } from './requirements.ts';
import { PRODUCT, ROOT } from './source-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-pack-'));
let tarball = '';
let packed: readonly string[] = [];

/** The package's own environment: no npm variable of the run that started the tests. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_registry)|VPCFLOW_|NODE_OPTIONS|INIT_CWD)/.test(name),
  ),
);

/** PATH as a user has it: without this repository's own programs, which `npm test` puts first. */
const usersEnvironment = () => {
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(ROOT));
  return { ...environment, PATH: path.join(delimiter) };
};

beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8' });
  const [{ filename, files }] = JSON.parse(output.slice(output.indexOf('[')));
  tarball = join(folder, filename);
  packed = files.map((file: { path: string }) => file.path);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package holds every module of the product as JavaScript, the README, what Maven fetches jars with, and nothing else', () => {
  const sources = PRODUCT.map(({ path }) => path).filter((path) => !path.endsWith('.d.ts')); // those hold no code
  const modules = sources.map((path) => `dist/${path.replace(/\.ts$/, '.js')}`);
  expect(packed).toEqual(expect.arrayContaining([...modules, 'README.md', 'package.json']));
  const others = ['README.md', 'infra/kcl/pom.xml', 'package.json'];
  expect(packed.filter((path) => !path.startsWith('dist/')).sort()).toEqual(others);
  expect(packed.filter((path) => /\.ts$|(^|\/)test\//.test(path))).toEqual([]);
});

test("the built program runs, and every command's module loads", () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['dist/consumers/vpcflow.js', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: environment,
    });
  expect(run('--version').stdout.trim()).toBe(packageJson.version);
  for (const { name } of COMMANDS) expect([name, run(name, '--help').status]).toEqual([name, 0]);
  const lazy = PRODUCT.find(({ path }) => path === 'consumers/commands.ts')?.lazyImports ?? [];
  const modules = lazy.filter((path) => !path.endsWith('-help.ts')); // what only help has was loaded by it
  expect(modules).toHaveLength(COMMANDS.length);
  for (const path of modules) {
    const built = `./dist/${path.replace(/\.ts$/, '.js')}`;
    const check = `const { run } = await import('${built}'); if (typeof run !== 'function') process.exit(3)`;
    const loaded = spawnSync(process.execPath, ['--input-type=module', '-e', check], { cwd: ROOT, encoding: 'utf8' });
    expect([path, loaded.stderr, loaded.status]).toEqual([path, '', 0]);
  }
});

const registry = requirement(
  'the npm registry',
  process.env.VPCFLOW_TEST_ALL === '1' || process.env.VPCFLOW_TEST_PACKAGE === '1',
  'VPCFLOW_TEST_PACKAGE=1 installs the packed package with all its dependencies and runs it',
);

describe.skipIf(!registry)('installed in an empty folder', () => {
  const installed = join(folder, 'installed');
  // The machine's own Node may be older: the one that the package brings is found before it.
  const npx = (...args: readonly string[]) =>
    spawnSync('npx', ['--no-install', 'vpcflow', ...args], {
      cwd: installed,
      encoding: 'utf8',
      env: usersEnvironment(),
    });

  beforeAll(() => {
    mkdirSync(installed);
    writeFileSync(join(installed, 'package.json'), '{"name":"somebody","version":"1.0.0","private":true}\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], {
      cwd: installed,
      env: usersEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }, 600_000);

  test('npx vpcflow --help lists the commands', () => {
    const { status, stdout } = npx('--help');
    expect(status).toBe(0);
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test('files go in, rows and a drawing come out', () => {
    const start = Date.UTC(2026, 10, 20, 5, 0, 0) / 1000;
    const flow = (i: number) =>
      `2 123456789012 eni-0a1b2c3d 10.0.0.${i} 10.1.0.1 40000 443 6 ${i} ${i * 100} ${start} ${start + 60} ACCEPT OK`;
    writeFileSync(join(installed, 'flows.log'), `${flow(1)}\n${flow(2)}\n${flow(1)}\nnonsense\n`);
    const backfill = npx('backfill', 'flows.log');
    expect([backfill.status, backfill.stdout]).toEqual([0, '']);
    expect(backfill.stderr).toContain('4 lines: 3 flows, 0 NODATA, 0 SKIPDATA, 1 reject (token_count 1)');
    const window = ['--start', '2026-11-20T05:00:00Z', '--stop', '2026-11-20T05:01:00Z'];
    const rows = npx('rows', ...window, '--group', 'srcaddr,dstport');
    expect([rows.status, rows.stdout.replaceAll('\r', '')]).toEqual([
      0,
      `srcaddr,dstport,flows,packets,bytes,start,end,tcp_flags\n10.0.0.1,443,2,2,200,${start},${start + 60},\n10.0.0.2,443,1,2,200,${start},${start + 60},\n`,
    ]);
    const graph = npx('graph', ...window, '--format', 'svg');
    expect(graph.status).toBe(0);
    expect(graph.stdout).toContain('10.1.0.1</text>');
  });

  test('no development dependency came along', () => {
    expect(readdirSync(join(installed, 'node_modules'))).not.toContain('vitest');
  });
});
