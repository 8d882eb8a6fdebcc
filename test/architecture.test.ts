// Keeps the house rules: which layer may import which, what pure code may touch, names, sizes, pins and skips.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesUnder, PRODUCT, ROOT, SOURCES, type SourceFile } from './source-files.ts';

const byPath = new Map(SOURCES.map((file) => [file.path, file]));
const isOurs = (specifier: string): boolean => /^(schemas|pipeline|consumers|infra|test)\//.test(specifier);
const layer = (path: string): string => path.slice(0, path.indexOf('/'));
/** `query` of consumers/query/rows.ts, '' of consumers/up.ts. */
const consumer = (path: string): string => path.split('/').slice(1, -1)[0] ?? '';
const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const allImports = (file: SourceFile): readonly string[] => [...file.imports, ...file.lazyImports];

/** `file: what` for every finding, so that a failure names the places. */
const findings = (files: readonly SourceFile[], look: (file: SourceFile) => readonly string[]): string[] =>
  files.flatMap((file) => look(file).map((what) => `${file.path}: ${what}`));

// Two files of npm's own making.
const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

describe('imports', () => {
  const mayImport: Record<string, readonly string[]> = {
    schemas: ['schemas'],
    pipeline: ['schemas', 'pipeline'],
    consumers: ['schemas', 'pipeline', 'consumers', 'package.json'],
    infra: ['schemas', 'pipeline', 'consumers', 'infra'],
    test: ['schemas', 'pipeline', 'consumers', 'infra', 'test', 'package.json'],
  };

  test('point from the outer layers to the inner ones', () => {
    const wrong = findings(SOURCES, (file) =>
      allImports(file)
        .filter((specifier) => isOurs(specifier) || specifier === 'package.json')
        .filter((specifier) => !mayImport[layer(file.path)].includes(isOurs(specifier) ? layer(specifier) : specifier)),
    );
    expect(wrong).toEqual([]);
  });

  test('never lead from one consumer to another, nor from a consumer to what composes them', () => {
    const wrong = findings(PRODUCT, (file) =>
      consumer(file.path) === '' || layer(file.path) !== 'consumers'
        ? []
        : allImports(file)
            .filter((specifier) => layer(specifier) === 'consumers')
            .filter((specifier) => ![consumer(file.path), 'shared'].includes(consumer(specifier))),
    );
    expect(wrong).toEqual([]);
  });

  test('name files that exist, with their extension', () => {
    const wrong = findings(SOURCES, (file) =>
      allImports(file).filter((specifier) => isOurs(specifier) && !byPath.has(specifier)),
    );
    expect(wrong).toEqual([]);
  });

  test('form no cycle, types included', () => {
    const finished = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      if (trail.includes(path) || finished.has(path)) return;
      for (const next of byPath.get(path)?.imports.filter(isOurs) ?? []) visit(next, [...trail, path]);
      finished.add(path);
    };
    for (const { path } of SOURCES) visit(path, []);
    expect(cycles).toEqual([]);
  });

  test('of schemas stay inside schemas, and pipeline takes from Node only what computes', () => {
    const computes = ['buffer', 'crypto', 'stream', 'stream/promises', 'string_decoder', 'util', 'zlib'];
    const wrong = findings(PRODUCT, (file) => {
      if (layer(file.path) === 'schemas') return allImports(file).filter((specifier) => !isOurs(specifier));
      if (layer(file.path) !== 'pipeline') return [];
      return allImports(file).filter((s) => s.startsWith('node:') && !computes.includes(s.slice('node:'.length)));
    });
    expect(wrong).toEqual([]);
  });

  test('of packages are declared: what the product imports is a dependency', () => {
    const { dependencies, devDependencies } = json('package.json');
    const wrong = findings(SOURCES, (file) =>
      allImports(file)
        .filter((specifier) => !isOurs(specifier) && !specifier.startsWith('node:') && specifier !== 'package.json')
        .map(packageName)
        .filter((name) => !(name in dependencies || (!PRODUCT.includes(file) && name in devDependencies))),
    );
    expect(wrong).toEqual([]);
  });

  test('of the dispatcher are light: --help loads commander, the tables and nothing else', () => {
    const seen = new Set<string>();
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const next of byPath.get(path)?.imports ?? []) visit(next);
    };
    visit('consumers/vpcflow.ts');
    const packages = [...seen].filter((s) => !isOurs(s) && !s.startsWith('node:') && s !== 'package.json');
    expect(packages).toEqual(['commander']);
    expect([...seen].filter((path) => path.startsWith('pipeline/'))).toEqual(['pipeline/nearest.ts']);
  });
});

describe('pure code', () => {
  const impure = [
    ...['Date\\.now', 'new Date\\(\\s*\\)', 'performance\\.', 'Math\\.random', 'randomBytes', 'randomUUID'],
    ...['getRandomValues', 'process\\.', 'console\\.', 'setTimeout', 'setInterval', 'setImmediate', 'fetch\\('],
  ].map((pattern) => new RegExp(`(?<![\\w.])(?:globalThis\\.|crypto\\.)?${pattern}`));

  test('has no clock, environment, console, network, timers or randomness', () => {
    const pure = PRODUCT.filter(({ path }) => layer(path) !== 'consumers');
    expect(pure.length).toBeGreaterThan(0);
    const wrong = findings(pure, ({ code }) => impure.map((p) => p.exec(code)?.[0] ?? '').filter((hit) => hit !== ''));
    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  test('open with a comment that says what they are', () => {
    expect(findings(SOURCES, ({ text }) => (/^(#!.*\n)?\/\/ \S/.test(text) ? [] : ['no opening comment']))).toEqual([]);
  });

  test('hold one concept: at most 300 lines, or a first comment that says why more', () => {
    const wrong = findings(SOURCES, ({ text }) => {
      const lines = text.split('\n').length - 1;
      const opening = /^(?:#!.*\n)?((?:\/\/.*\n)+)/.exec(text)?.[1] ?? '';
      return lines <= 300 || /over 300 lines because/i.test(opening) ? [] : [`${lines} lines`];
    });
    expect(wrong).toEqual([]);
  });

  test('are named after their concept, not after their shape', () => {
    const shapeless = /(^|\/)(utils?|common|helpers?|misc|types|index|base|constants)(\/|\.ts$)/;
    expect(SOURCES.map(({ path }) => path).filter((path) => shapeless.test(path))).toEqual([]);
  });

  test('re-export nothing: every name is imported from where it is defined', () => {
    const reexport = /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^'"\n]*\bfrom\b/gm;
    expect(findings(SOURCES, ({ code }) => [...code.matchAll(reexport)].map(([hit]) => hit))).toEqual([]);
  });

  test('of the product name a module beside them without its extension, which differs in a package', () => {
    const literal = /['"`](\.{1,2}\/[^'"`\n]*\.ts)['"`]/g;
    const wrong = findings(PRODUCT, (file) =>
      [...file.code.matchAll(literal)]
        .map(([, path]) => path)
        .filter((path) => !allImports(file).includes(posix.join(posix.dirname(file.path), path))),
    );
    expect(wrong).toEqual([]);
  });

  test('leave standard output to the command that runs', () => {
    const wrong = findings(PRODUCT, ({ path, code }) =>
      path !== 'consumers/vpcflow.ts' && /\bprocess\.stdout\b/.test(code) ? ['process.stdout'] : [],
    );
    expect(wrong).toEqual([]);
  });

  test("hold no path of anybody's machine", () => {
    const machine = new RegExp(
      `(?:^|[^A-Za-z0-9_.])/(?:${['work', 'farm', 'home', 'root', 'Users', 'tmp'].join('|')})/`,
      'm',
    );
    const texts = [...filesUnder(['schemas', 'pipeline', 'consumers', 'infra', '.ci']), 'README.md', 'package.json'];
    const wrong = [...texts, ...SOURCES.map(({ path }) => path)].filter((path) =>
      machine.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect([...new Set(wrong)]).toEqual([]);
  });

  test('leave nothing for later', () => {
    const later = new RegExp(`\\b(${['TO', 'FIX', 'HA'].join('|')})(DO|ME|CK)\\b|\\bX{3}\\b`);
    expect(findings(SOURCES, ({ text }) => (later.test(text) ? [later.exec(text)?.[0] ?? ''] : []))).toEqual([]);
  });

  test('switch no check off without saying why, and leave no type open', () => {
    const off = /@ts-(?:ignore|nocheck|expect-error)|biome-ignore(?!\s+[\w/]+:\s*\S)/;
    const open = /(?::|\bas|<)\s*any\b/;
    const others = SOURCES.filter(({ path }) => path !== 'test/architecture.test.ts');
    const wrong = findings(others, ({ text, code }) => [
      ...text.split('\n').filter((line) => off.test(line)),
      ...code.split('\n').filter((line) => open.test(line) && !/['"`].*\bany\b/.test(line)),
    ]);
    expect(wrong).toEqual([]);
  });
});

describe('tests', () => {
  const tests = SOURCES.filter(({ path }) => path.startsWith('test/') && path !== 'test/architecture.test.ts');

  test('are all run: none is focused, left to do or skipped', () => {
    const off = /\b(?:it|test|describe)(?:\.\w+)*\.(?:only|todo|skip|fails)\b/g;
    expect(findings(tests, ({ code }) => [...code.matchAll(off)].map(([hit]) => hit))).toEqual([]);
  });

  test('are skipped for a machine only by way of test/requirements.ts, which fails where nothing may be skipped', () => {
    const asks = ({ imports }: SourceFile): boolean => imports.includes('test/requirements.ts');
    const wrong = findings(tests, (file) => {
      if (!/\.(?:skipIf|runIf)\(/.test(file.code)) return [];
      const near = file.imports.map((path) => byPath.get(path)).filter((found) => found !== undefined);
      return [file, ...near].some(asks) ? [] : ['skipIf without a requirement'];
    });
    expect(wrong).toEqual([]);
  });
});

describe('dependencies', () => {
  test('are pinned exactly', () => {
    const manifest = json('package.json');
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^(npm:(@[\w-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });

  test('are locked for every platform: npm ci refuses a lock file that leaves one out', () => {
    const { packages } = json('package-lock.json');
    const wanted = Object.values<{ optionalDependencies?: Record<string, string> }>(packages).flatMap(
      ({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}),
    );
    expect(wanted.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
  });

  test('are used: nothing is installed that no module imports', () => {
    const used = new Set(PRODUCT.flatMap(allImports).map(packageName));
    // `node` is the runtime itself; kinesis-local is started as a program of its own.
    const unused = Object.keys(json('package.json').dependencies).filter(
      (name) => !used.has(name) && name !== 'node' && !PRODUCT.some(({ code }) => code.includes(`'${name}/`)),
    );
    expect(unused).toEqual([]);
  });
});
