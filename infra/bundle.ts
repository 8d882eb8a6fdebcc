// Builds dist/: every module of the product as JavaScript under its own path, for an installed package (Node does not
// strip types under node_modules). Modules keep their paths, so that what one finds beside itself (a worker, a page) is
// found there too; npm dependencies stay imports.
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist');
const LAYERS = ['schemas', 'pipeline', 'consumers'];

const files = LAYERS.flatMap((layer) =>
  readdirSync(join(root, layer), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.d.ts')) // those say what types others have
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
);

/** Leaves imports between our modules as they are, except for the extension; package.json is written into the module. */
const keepModules: Plugin = {
  name: 'keep-modules',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
    );
  },
};

rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: files.filter((file) => extname(file) === '.ts'),
  outdir: out,
  outbase: root,
  bundle: true,
  packages: 'external',
  plugins: [keepModules],
  platform: 'node',
  target: 'node24',
  format: 'esm',
  logLevel: 'warning',
});
for (const file of files.filter((name) => extname(name) !== '.ts')) cpSync(join(root, file), join(out, file));
chmodSync(join(out, 'consumers/vpcflow.js'), 0o755);
