// Keeps the README in step with the program: its generated tables, its links and its two commands.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../consumers/commands.ts';
import { OPTIONS } from '../consumers/shared/options.ts';
import { withGeneratedParts } from '../infra/docs.ts';
import { ERRORS } from '../schemas/errors.ts';
import { PRODUCT, ROOT } from './source-files.ts';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

test('the generated tables are those of the program (otherwise: npm run docs)', () => {
  expect(withGeneratedParts(readme)).toBe(readme);
});

test('every error code of the catalogue is thrown somewhere', () => {
  const code = PRODUCT.filter(({ path }) => path !== 'schemas/errors.ts').map((file) => file.code);
  expect(Object.keys(ERRORS).filter((name) => !code.some((text) => text.includes(`'${name}'`)))).toEqual([]);
});

test('every option of the table is taken by some command', () => {
  const taken = new Set<string>(COMMANDS.flatMap(({ options }) => options));
  expect(Object.keys(OPTIONS).filter((key) => !taken.has(key))).toEqual([]);
});

test('no command takes two options of one name, and it requires only what it takes', () => {
  for (const { options, required } of COMMANDS) {
    const names = options.map((key) => OPTIONS[key].name);
    expect(new Set(names).size).toBe(names.length);
    expect(options).toEqual(expect.arrayContaining([...required]));
  }
});

test('what goes with something else goes with what the command takes, and is told of an option that it takes', () => {
  for (const { options, operand, onlyWith = [], help = {} } of COMMANDS) {
    for (const only of onlyWith) {
      expect(options).toEqual(expect.arrayContaining([...only.options]));
      if ('operand' in only) expect(operand?.name.split('|')).toEqual(expect.arrayContaining(only.operand.split('|')));
      else expect(options).toContain(only.option);
    }
    expect(options).toEqual(expect.arrayContaining(Object.keys(help)));
  }
});

test('links lead to files that exist', () => {
  const targets = [...readme.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target);
  expect(targets.length).toBeGreaterThan(5);
  expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
});

test('shows how to start it and how to test it', () => {
  expect(readme).toContain('npm ci && npm start');
  expect(readme).toContain('npm ci && npm test');
});
