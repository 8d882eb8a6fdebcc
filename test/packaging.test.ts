// Packs the package as `npm publish` would, looks at what is in it, and runs it: built, and installed in an empty folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8' });
  const [{ filename, files }] = JSON.parse(output.slice(output.indexOf('[')));
  tarball = join(folder, filename);
  packed = files.map((file: { path: string }) => file.path);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package holds every module of the product as JavaScript, the README, and nothing else', () => {
  const modules = PRODUCT.map(({ path }) => `dist/${path.replace(/\.ts$/, '.js')}`);
  expect(packed).toEqual(expect.arrayContaining([...modules, 'README.md', 'package.json']));
  expect(packed.filter((path) => !path.startsWith('dist/')).sort()).toEqual(['README.md', 'package.json']);
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
  const load = COMMANDS.map(({ name, load }) => [name, /import\(['"]([^'"]+)['"]\)/.exec(String(load))?.[1] ?? '']);
  for (const [name, path] of load) {
    expect(run(name, '--help').status).toBe(0);
    const built = `./dist/consumers/${path.replace(/\.ts$/, '.js')}`;
    const check = `const { run } = await import(${JSON.stringify(built)}); if (typeof run !== 'function') process.exit(3)`;
    const loaded = spawnSync(process.execPath, ['--input-type=module', '-e', check], { cwd: ROOT, encoding: 'utf8' });
    expect([name, loaded.stderr, loaded.status]).toEqual([name, '', 0]);
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
    spawnSync('npx', ['--no-install', 'vpcflow', ...args], { cwd: installed, encoding: 'utf8', env: environment });

  beforeAll(() => {
    execFileSync('mkdir', ['-p', installed]);
    writeFileSync(join(installed, 'package.json'), '{"name":"somebody","version":"1.0.0","private":true}\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], {
      cwd: installed,
      env: { ...environment, PATH: pathWithoutOurs() },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }, 600_000);

  test('npx vpcflow --help lists the commands', () => {
    const { status, stdout } = npx('--help');
    expect(status).toBe(0);
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test('no development dependency came along', () => {
    expect(readdirSync(join(installed, 'node_modules'))).not.toContain('vitest');
  });
});

/** PATH as a user has it: without this repository's own programs, which `npm test` puts first. */
const pathWithoutOurs = (): string =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(ROOT))
    .join(delimiter);
