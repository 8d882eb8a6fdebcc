// Compares an output with the golden file of its case; what differs is left beside it as <case>-changed.<ext>.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { expect } from 'vitest';

const GOLDEN = join(import.meta.dirname, 'golden');

/** The cases of `test/golden/<kind>`: the names of its `.in` files without the ending, and their text. */
export const goldenCases = (kind: string): { readonly name: string; readonly input: string }[] =>
  readdirSync(join(GOLDEN, kind))
    .filter((file) => file.endsWith('.in'))
    .sort()
    .map((file) => ({ name: file.slice(0, -3), input: readFileSync(join(GOLDEN, kind, file), 'utf8') }));

/** Fails unless `actual` is what `test/golden/<kind>/<file>` holds. A new golden file is the changed one, renamed. */
export function expectGolden(kind: string, file: string, actual: string): void {
  const golden = join(GOLDEN, kind, file);
  const ending = extname(golden);
  const changed = `${golden.slice(0, -ending.length)}-changed${ending}`;
  const expected = existsSync(golden) ? readFileSync(golden, 'utf8') : null;
  if (expected === actual) rmSync(changed, { force: true });
  else writeFileSync(changed, actual);
  expect(expected === actual, `${file} of ${kind}: what came out is in ${basename(changed)}`).toBe(true);
}
