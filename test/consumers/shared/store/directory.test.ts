// The directory store: the contract, and what only a file system can do to it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { objectStoreContract } from '../../../contracts/object-store.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vpcflow-directory-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

objectStoreContract({
  name: 'DirectoryStore',
  place: async () => {
    const path = join(await mkdtemp(join(base, 'place-')), 'store');
    return { client: () => new DirectoryStore(path) };
  },
  runs: 25,
  big: 80 << 20,
});
