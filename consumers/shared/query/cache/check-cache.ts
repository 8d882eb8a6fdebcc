// Says of a directory whether a cache can be kept in it.
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFailure } from './cache-failure.ts';

/** Rejects with VF_CACHE for a directory in which nothing can be kept. */
export async function checkCacheDirectory(directory: string): Promise<void> {
  const probe = join(directory, `.probe-${randomUUID()}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(probe, 'vpcflow', { mode: 0o600 });
  } catch (cause) {
    throw cacheFailure(directory, cause);
  } finally {
    await rm(probe, { force: true });
  }
}
