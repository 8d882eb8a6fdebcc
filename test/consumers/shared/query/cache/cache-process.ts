// A process with a cache of its own over an S3 store: holds what lies under a prefix, says so, and lets go when it is told.
import { readFile } from 'node:fs/promises';
import { CachedFiles } from '../../../../../consumers/shared/query/cache/cached-files.ts';
import { openStore } from '../../../../../consumers/shared/store/open.ts';
import type { ListedObject } from '../../../../../schemas/store.ts';

const [uri, directory, maxBytes, prefix] = process.argv.slice(2);
const store = await openStore(uri);
const files = new CachedFiles(store, { directory, maxBytes: Number(maxBytes) });
try {
  const objects: ListedObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  const held = await files.hold(objects);
  process.stdout.write(`holds ${held.paths.length}\n`);
  await new Promise((resolve) => process.stdin.once('data', resolve));
  let bytes = 0;
  for (const path of held.paths) bytes += (await readFile(path)).length;
  process.stdout.write(`read ${bytes}\n`);
  held.release();
} catch (error) {
  // What the error says of itself.
  const { code, message } = error as { readonly code?: string; readonly message: string };
  process.stdout.write(`failed ${code} ${message}\n`);
}
await files.close();
process.exit();
