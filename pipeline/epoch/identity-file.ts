// The identities of one epoch as the bytes of `identities/…/after-<seq>.bin`, and back.
//
// gzip of: "VFID1\n", then entries of 112 bytes: hash 16, prefix 8, log stream 8, first id 24, last id 24, sequence 24
// (big-endian integers, 0 where there is no id), arrival in Unix ms 8 (big-endian double).
import { gunzipSync, gzipSync } from 'node:zlib';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Identity } from './identities.ts';

const MAGIC = 'VFID1\n';
const ENTRY = 112; // bytes

const writeNumber = (buffer: Buffer, offset: number, decimal: string): void => {
  buffer.write(
    BigInt(decimal === '' ? 0 : decimal)
      .toString(16)
      .padStart(48, '0'),
    offset,
    24,
    'hex',
  );
};

const readNumber = (buffer: Buffer, offset: number): string =>
  BigInt(`0x${buffer.toString('hex', offset, offset + 24)}`).toString();

const readId = (buffer: Buffer, offset: number): string => {
  const id = readNumber(buffer, offset);
  return id === '0' ? '' : id;
};

/** Deterministic bytes for the same identities. Ids and sequence numbers are decimal integers below 2^192. */
export const encodeIdentities = (identities: readonly Identity[]): Buffer => {
  const body = Buffer.alloc(identities.length * ENTRY);
  identities.forEach((identity, i) => {
    const at = i * ENTRY;
    identity.hash.copy(body, at);
    identity.prefix.copy(body, at + 16);
    identity.logStream.copy(body, at + 24);
    writeNumber(body, at + 32, identity.firstId);
    writeNumber(body, at + 56, identity.lastId);
    writeNumber(body, at + 80, identity.sequence);
    body.writeDoubleBE(identity.arrival, at + 104);
  });
  return gzipSync(Buffer.concat([Buffer.from(MAGIC), body]));
};

/** @throws VF_STORE_CORRUPT naming the key when the bytes are not what encodeIdentities wrote. */
export const decodeIdentities = (key: string, bytes: Uint8Array): readonly Identity[] => {
  let body: Buffer;
  try {
    const raw = gunzipSync(bytes);
    if (raw.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new Error('it begins otherwise');
    body = raw.subarray(MAGIC.length);
    if (body.length % ENTRY !== 0) throw new Error('its length is not a whole number of entries');
  } catch (cause) {
    throw new VpcflowError('VF_STORE_CORRUPT', `${key} is not a file of identities`, { cause });
  }
  return Array.from({ length: body.length / ENTRY }, (_, i): Identity => {
    const at = i * ENTRY;
    return {
      hash: body.subarray(at, at + 16),
      prefix: body.subarray(at + 16, at + 24),
      logStream: body.subarray(at + 24, at + 32),
      firstId: readId(body, at + 32),
      lastId: readId(body, at + 56),
      sequence: readNumber(body, at + 80),
      arrival: body.readDoubleBE(at + 104),
    };
  });
};
