// Opens a store that has to be there already, because it is only read.
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { checkLayout } from '../store/layout.ts';
import { openStore } from '../store/open.ts';

/** What a copy of a part of a store (a few hours of it, say) has, even without its version. */
const TABLES = ['digests/', 'coverage/', 'commits/', 'mirroring/'];

/** Throws as `assertWritten` does. */
export async function openStoreToRead(uri: string): Promise<ObjectStore> {
  const store = await openStore(uri);
  await assertWritten(store);
  return store;
}

/**
 * Throws VF_STORE_MISSING where nothing was ever written (an empty answer about a wrong path would be a lie),
 * VF_STORE_VERSION for a layout of another version.
 */
export async function assertWritten(store: ObjectStore): Promise<void> {
  try {
    await checkLayout(store);
  } catch (error) {
    if (!(error instanceof VpcflowError && error.code === 'VF_STORE_MISSING') || !(await hasTables(store))) throw error;
  }
}

async function hasTables(store: ObjectStore): Promise<boolean> {
  for (const prefix of TABLES) for await (const _ of store.list(prefix)) return true;
  return false;
}
