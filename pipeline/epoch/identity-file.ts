// The identities of one epoch as the bytes of `identities/…/after-<seq>.bin`, and back.
//
// gzip of: "VFID1\n", one line of JSON {previous, latestArrival, count}, then `count` entries of 112 bytes: hash 16,
// prefix 8, log stream 8, first id 24, last id 24, sequence 24 (big-endian integers), arrival 8 (big-endian double).
// `previous` names the epoch before (its `after`), so that a worker can walk back from the chain's end.
import { gunzipSync, gzipSync } from 'node:zlib';
import { VpcflowError } from '../../schemas/errors.ts';
import type { Identity } from './identities.ts';

const MAGIC = 'VFID1\n';
const ENTRY = 112; // bytes

export interface IdentityFile {
  /** The `after` of the epoch before this one in the chain; null at its begin. */
  readonly previous: string | null;
  readonly latestArrival: number; // ms
  readonly identities: readonly Identity[];
}

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
export const encodeIdentities = ({ previous, latestArrival, identities }: IdentityFile): Buffer => {
  const header = `${MAGIC}${JSON.stringify({ previous, latestArrival, count: identities.length })}\n`;
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
  return gzipSync(Buffer.concat([Buffer.from(header), body]));
};

/** @throws VF_STORE_CORRUPT naming the key when the bytes are not what encodeIdentities wrote. */
export const decodeIdentities = (key: string, bytes: Uint8Array): IdentityFile => {
  try {
    const raw = gunzipSync(bytes);
    const end = raw.indexOf(0x0a, MAGIC.length);
    if (raw.toString('latin1', 0, MAGIC.length) !== MAGIC || end < 0) throw new Error('bad header');
    const header: unknown = JSON.parse(raw.toString('utf8', MAGIC.length, end));
    if (!isHeader(header) || raw.length !== end + 1 + header.count * ENTRY) throw new Error('bad length');
    const body = raw.subarray(end + 1);
    const identities = Array.from({ length: header.count }, (_, i): Identity => {
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
    return { previous: header.previous, latestArrival: header.latestArrival, identities };
  } catch (cause) {
    throw new VpcflowError('VF_STORE_CORRUPT', `${key} is not a file of identities`, { cause });
  }
};

const isHeader = (value: unknown): value is { previous: string | null; latestArrival: number; count: number } =>
  typeof value === 'object' &&
  value !== null &&
  'previous' in value &&
  (value.previous === null || typeof value.previous === 'string') &&
  'latestArrival' in value &&
  typeof value.latestArrival === 'number' &&
  'count' in value &&
  typeof value.count === 'number';
