// Turns the repository into a list of its source files with their text, code without comments, and imports.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

export interface SourceFile {
  readonly path: string; // from the root, `/`-separated
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  /** Modules imported when this one is loaded, types included: our own as paths from the root, others as written. */
  readonly imports: readonly string[];
  /** Modules loaded later with `import()`. */
  readonly lazyImports: readonly string[];
}

/** Comments go; text in quotes that looks like one stays, as long as no space precedes its `//`. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

const matches = (code: string, pattern: RegExp, path: string): readonly string[] =>
  [...code.matchAll(pattern)].map(([, specifier]) =>
    specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier,
  );

const read = (path: string): SourceFile => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  return {
    path,
    text,
    code,
    imports: matches(code, /^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*'([^']+)'/gm, path),
    lazyImports: matches(code, /\bimport\('([^'$]+)'\)/g, path),
  };
};

/** Every file under the given folders of the repository, sorted. */
export const filesUnder = (folders: readonly string[]): readonly string[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1)),
    )
    .sort();

export const SOURCES: readonly SourceFile[] = filesUnder(['schemas', 'pipeline', 'consumers', 'infra', 'test'])
  .filter((path) => path.endsWith('.ts'))
  .map(read);

/** The sources of the product: what an installed package consists of. */
export const PRODUCT: readonly SourceFile[] = SOURCES.filter(({ path }) =>
  /^(schemas|pipeline|consumers)\//.test(path),
);
