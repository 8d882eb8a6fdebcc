// Decoding settings as canonical JSON and the hash that claims name them by, and back.
import { createHash } from 'node:crypto';
import { VpcflowError } from '../schemas/errors.ts';
import type { Settings } from '../schemas/settings.ts';
import { canonicalJson } from './canonical-json.ts';

/** The bytes of `configs/<hash>.json` and their SHA-256 (hex). The same settings always give the same hash. */
export const settingsDocument = (settings: Settings): { readonly hash: string; readonly body: Buffer } => {
  const servicePorts = [...new Set(settings.servicePorts)].sort((a, b) => a - b);
  const body = Buffer.from(canonicalJson({ ...settings, servicePorts }));
  return { hash: createHash('sha256').update(body).digest('hex'), body };
};

/**
 * The settings that lie under a hash.
 * @throws VF_STORE_CORRUPT when the bytes are not what settingsDocument wrote for that hash.
 */
export const parseSettings = (key: string, hash: string, body: Uint8Array): Settings => {
  if (createHash('sha256').update(body).digest('hex') !== hash) {
    throw new VpcflowError('VF_STORE_CORRUPT', `${key}: its content does not match its name`);
  }
  // As at the wire: the hash proves that settingsDocument wrote these bytes from a Settings value.
  return JSON.parse(Buffer.from(body).toString('utf8')) as Settings;
};
