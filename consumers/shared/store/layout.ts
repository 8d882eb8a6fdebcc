// Turns `store.json` into the assurance that a store has the layout that this version reads and writes.
import { canonicalJson } from '../../../pipeline/canonical-json.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { LAYOUT_KEY } from './key.ts';

/** Raised whenever a reader of the older layout would go wrong. */
export const LAYOUT_VERSION = 1;

/** The version that the document states. Throws VF_STORE_CORRUPT when it states none. */
const versionOf = (uri: string, body: Buffer): number => {
  try {
    const document: unknown = JSON.parse(body.toString());
    if (typeof document === 'object' && document !== null && 'version' in document) {
      if (typeof document.version === 'number') return document.version;
    }
  } catch (error) {
    throw new VpcflowError('VF_STORE_CORRUPT', `${uri}: ${LAYOUT_KEY} is not JSON`, { cause: error });
  }
  throw new VpcflowError('VF_STORE_CORRUPT', `${uri}: ${LAYOUT_KEY} states no version`);
};

const check = (uri: string, body: Buffer): void => {
  const version = versionOf(uri, body);
  if (version === LAYOUT_VERSION) return;
  throw new VpcflowError('VF_STORE_VERSION', `${uri} has layout ${version}, this version knows ${LAYOUT_VERSION}`);
};

/** For readers. Throws VF_STORE_MISSING when nothing was ever written there, VF_STORE_VERSION for another layout. */
export const checkLayout = async (store: ObjectStore): Promise<void> => {
  const found = await store.get(LAYOUT_KEY);
  if (found === null) throw new VpcflowError('VF_STORE_MISSING', `${store.uri} holds no store`);
  check(store.uri, found.body);
};

/** For writers, before their first write: a new store gets its version. Throws VF_STORE_VERSION for another layout. */
export const ensureLayout = async (store: ObjectStore): Promise<void> => {
  const body = Buffer.from(canonicalJson({ version: LAYOUT_VERSION }));
  if ((await store.get(LAYOUT_KEY)) === null) {
    if ((await store.put(LAYOUT_KEY, body, { ifAbsent: true })).outcome === 'stored') return;
  }
  await checkLayout(store);
};
