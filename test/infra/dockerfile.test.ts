// What infra/Dockerfile names: every file that it copies is there and reaches the build, and its paths fit together.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT } from '../source-files.ts';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** One instruction a line, continued lines joined, comments left out. */
const instructions: readonly Instruction[] = readFileSync(join(ROOT, 'infra/Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#') && line !== '')
  .join('\n')
  .replaceAll(/\\\n\s*/g, '')
  .trim()
  .split('\n')
  .map((line) => ({ name: line.slice(0, line.indexOf(' ')), text: line.slice(line.indexOf(' ') + 1) }));

const all = (name: string): readonly string[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);
/** The last stage: what runs. */
const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const ofLast = (name: string): readonly string[] => last.filter((one) => one.name === name).map(({ text }) => text);

/** Sources of COPY that come from the repository, not from another stage. */
const copied = all('COPY')
  .filter((text) => !text.startsWith('--from='))
  .flatMap((text) => text.split(/\s+/).slice(0, -1));

/** Docker's own reading: the last pattern that fits decides; `*` and names at the top are all that ours uses. */
const ignored = (path: string): boolean =>
  readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .reduce((out, line) => {
      const pattern = line.replace(/^!/, '');
      return pattern === '*' || path === pattern || path.startsWith(`${pattern}/`) ? !line.startsWith('!') : out;
    }, false);

describe('the image', () => {
  test('is built from files that are there and are not ignored', () => {
    expect(copied).toContain('infra/kcl/pom.xml');
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(copied.filter(ignored)).toEqual([]);
    for (const path of ['node_modules/x', '.git/config', 'data/x', 'test/x', 'dist/x'])
      expect([path, ignored(path)]).toEqual([path, true]);
  });

  test('has every layer of the product, and what bundling them reads', () => {
    for (const layer of ['schemas', 'pipeline', 'consumers']) expect(copied).toContain(layer);
    expect(copied).toEqual(
      expect.arrayContaining(['package.json', 'package-lock.json', 'tsconfig.json', 'infra/bundle.ts']),
    );
    expect(all('RUN').some((text) => text.includes('node infra/bundle.ts'))).toBe(true);
  });

  test('has the Node that the tests run with, and a Java 17', () => {
    expect(all('ARG')).toEqual([`NODE=${packageJson.dependencies.node}`]);
    expect(all('FROM').every((text) => /^node:\$\{NODE\}-bookworm-slim( AS \w+)?$/.test(text))).toBe(true);
    expect(ofLast('RUN').join()).toContain('openjdk-17-jre-headless');
  });

  test('runs the built program as nobody special, ends at SIGTERM, and finds its jars', () => {
    expect(ofLast('USER')).toEqual(['node']);
    expect(ofLast('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(JSON.parse(ofLast('ENTRYPOINT')[0] ?? '')).toEqual([
      'tini',
      '--',
      'node',
      `/opt/vpcflow/${packageJson.bin.vpcflow}`,
    ]);
    const places = ofLast('COPY').map((text) => text.split(/\s+/).at(-1));
    expect(places).toEqual([
      '/opt/vpcflow/kcl',
      '/opt/vpcflow/package.json',
      '/opt/vpcflow/node_modules',
      '/opt/vpcflow/dist',
      '/opt/vpcflow/infra/healthcheck.ts',
    ]);
    expect(ofLast('ENV').join(' ').split(' ')).toContain('VPCFLOW_KCL_JARS=/opt/vpcflow/kcl');
    expect(all('RUN').some((text) => text.endsWith('-DoutputDirectory=/opt/vpcflow/kcl'))).toBe(true);
  });

  test('asks for the health of what runs with a script that it has, of process 1', () => {
    const [check = ''] = ofLast('HEALTHCHECK');
    const [options = '', command = ''] = check.split(' CMD ');
    const [program, script, commandLine] = JSON.parse(command);
    expect([program, commandLine]).toEqual(['node', '/proc/1/cmdline']);
    expect(ofLast('COPY').map((text) => text.split(/\s+/).at(-1))).toContain(script);
    expect(copied).toContain(script.replace('/opt/vpcflow/', ''));
    expect(options).toMatch(/--start-period=3m/);
  });

  test('copies each thing from a stage that made it', () => {
    const stages = all('FROM').map((text) => / AS (\w+)$/.exec(text)?.[1]);
    const from = ofLast('COPY').map((text) => /^--from=(\w+) /.exec(text)?.[1]);
    expect(from.filter((stage) => stage === undefined || !stages.includes(stage))).toEqual([]);
  });
});
