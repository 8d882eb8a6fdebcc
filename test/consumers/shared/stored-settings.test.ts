// Settings under their hash: what a claim names is what was put, or nothing is decoded with it.
import { expect, test } from 'vitest';
import { getSettings, putSettings } from '../../../consumers/shared/stored-settings.ts';
import { settingsKey } from '../../../pipeline/keys.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../schemas/settings.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';

const settings: Settings = {
  ...DEFAULT_SETTINGS,
  formats: [{ logGroup: 'vpc-*', format: '${srcaddr} ${dstaddr} ${start}' }],
  servicePorts: [50051, 8443],
};

test('settings come back as they were put, and the same settings have the same hash', async () => {
  const store = new MemoryStore();
  const hash = await putSettings(store, settings);
  expect(await putSettings(store, { ...settings, servicePorts: [8443, 50051, 8443] })).toBe(hash);
  expect(await putSettings(store, DEFAULT_SETTINGS)).not.toBe(hash);
  expect(await getSettings(store, hash)).toEqual({ ...settings, servicePorts: [8443, 50051] });
  expect(store.backing.size).toBe(2);
});

test('settings that are missing or were changed are refused, with their key', async () => {
  const store = new MemoryStore();
  const hash = await putSettings(store, settings);
  const other = 'a'.repeat(64);
  await expect(getSettings(store, other)).rejects.toMatchObject({
    code: 'VF_STORE_CORRUPT',
    message: expect.stringContaining(settingsKey(other)),
  });
  const object = await store.get(settingsKey(hash));
  await store.put(settingsKey(hash), Buffer.from(String(object?.body).replace('8443', '8444')));
  await expect(getSettings(store, hash)).rejects.toMatchObject({
    code: 'VF_STORE_CORRUPT',
    message: expect.stringContaining(settingsKey(hash)),
  });
});

test('settings that a store says it has, and does not, are found out before a claim names them', async () => {
  const store = new MemoryStore();
  const wrong = { uri: store.uri, put: async () => ({ outcome: 'exists' as const }) };
  const refusing: ObjectStore = {
    ...wrong,
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    remove: (key) => store.remove(key),
  };
  await expect(putSettings(refusing, settings)).rejects.toMatchObject({ code: 'VF_STORE_CORRUPT' });
});
