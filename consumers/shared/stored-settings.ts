// Keeps decoding settings in the store under their hash, so that whoever finishes what was claimed decodes it alike.
import { settingsKey } from '../../pipeline/keys.ts';
import { parseSettings, settingsDocument } from '../../pipeline/settings.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';

/** What each store is known to have: many objects are claimed under the same settings. */
const stored = new WeakMap<ObjectStore, Set<string>>();

/** Stores settings under their hash, once; resolves to the hash, under which they can be read from then on. */
export const putSettings = async (store: ObjectStore, settings: Settings): Promise<string> => {
  const { hash, body } = settingsDocument(settings);
  const known = stored.get(store) ?? new Set();
  stored.set(store, known);
  if (known.has(hash)) return hash;
  const put = await store.put(settingsKey(hash), body, { ifAbsent: true });
  // Claims will name them: a store that is wrong about what it has is found out before there is one.
  if (put.outcome === 'exists') await getSettings(store, hash);
  known.add(hash);
  return hash;
};

/** @throws VF_STORE_CORRUPT when a claim names settings that are not there, or are not those of the hash. */
export const getSettings = async (store: ObjectStore, hash: string): Promise<Settings> => {
  const key = settingsKey(hash);
  const stored = await store.get(key);
  if (stored === null) throw new VpcflowError('VF_STORE_CORRUPT', `${key}, which a claim names, is not there`);
  return parseSettings(key, hash, stored.body);
};
