// Reads and writes what the store knows of one object: the claims of its parts, and which content a name had.
import { createHash } from 'node:crypto';
import { parseNameClaim, parsePartClaim, serialize } from '../../../pipeline/documents.ts';
import { backfillSource, nameClaimKey, partClaimKey } from '../../../pipeline/keys.ts';
import type { NameClaim, PartClaim } from '../../../schemas/chain.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { DECODER_VERSION } from '../../../schemas/settings.ts';
import type { ObjectStore, PutCondition } from '../../../schemas/store.ts';
import { readCommit } from '../../shared/epoch-writer.ts';

/**
 * The claims of an object's parts, from the first on. They are asked for one by one, since nearly all objects have one
 * part, and a listing costs twelve times as much. Throws VF_CHAIN_BROKEN when they do not form one row.
 */
export const readPartClaims = async (store: ObjectStore, identity: string): Promise<readonly PartClaim[]> => {
  const claims: PartClaim[] = [];
  while (claims.at(-1)?.final !== true) {
    const key = partClaimKey(identity, claims.length);
    const stored = await store.get(key);
    if (stored === null) break;
    const claim = parsePartClaim(key, stored.body);
    const [first, last] = [claims[0] ?? claim, claims.at(-1)];
    const follows = claim.part === claims.length && claim.firstLine === (last?.firstLine ?? 0) + (last?.lines ?? 0);
    if (!follows || claim.settings !== first.settings || claim.arrival.first !== first.arrival.first) {
      throw new VpcflowError('VF_CHAIN_BROKEN', `${key} does not follow the claim before it`);
    }
    claims.push(claim);
  }
  return claims;
};

/** @throws VF_DECODER_VERSION when another version must finish what it claimed. */
export const assertDecodable = (claims: readonly PartClaim[]): void => {
  for (const { decoder, name, part } of claims) {
    if (decoder === DECODER_VERSION) continue;
    const versions = `with decoder version ${decoder}, this is ${DECODER_VERSION}`;
    throw new VpcflowError('VF_DECODER_VERSION', `part ${part} of ${name} was claimed ${versions}`);
  }
};

/** Whether the object is wholly in the store: its last part is committed (parts are committed in order). */
export const isComplete = async (store: ObjectStore, claims: readonly PartClaim[]): Promise<boolean> => {
  const last = claims.at(-1);
  if (last === undefined || !last.final) return false;
  return (await readCommit(store, last.arrival, backfillSource(last.identity, last.part))) !== null;
};

/** Whether lines of the object were left out, for good, because another feed has evidence of them. */
export const hasLeftOut = (claims: readonly PartClaim[]): boolean => claims.some(({ skip = [] }) => skip.length > 0);

/** Claims the next part; false when somebody else was first. */
export const putPartClaim = async (store: ObjectStore, claim: PartClaim): Promise<boolean> => {
  const put = await store.put(partClaimKey(claim.identity, claim.part), serialize(claim), { ifAbsent: true });
  return put.outcome === 'stored';
};

/** What to do when a name has other content: keep that, refuse, or record the new one. */
export type OtherContent = 'keep' | 'refuse' | 'replace';

/** What is recorded of a name: the content, and of an object in S3 the ETag under which that was read. */
export interface Named {
  readonly name: string;
  readonly identity: string;
  readonly etag?: string;
}

const nameKey = (name: string): string => nameClaimKey(createHash('sha256').update(name).digest('hex'));

const readName = async (store: ObjectStore, name: string) => {
  const key = nameKey(name);
  const known = await store.get(key);
  return known === null ? null : { claim: parseNameClaim(key, known.body), tag: known.tag };
};

/** S3 gives an ETag in quotes, and tells of it without them in events. */
const sameTag = (a: string, b: string): boolean => a.replaceAll('"', '') === b.replaceAll('"', '');

/**
 * What the store tells of an object of S3 without its bytes: `unnamed`: the name has no content yet; `begun`: this
 * content is recorded for it; `other`: another, or that under another ETag or none, which only costs a reading.
 */
export type NameState = { readonly kind: 'unnamed' | 'other' } | { readonly kind: 'begun'; readonly identity: string };

/** Reads nothing but the claim of the name. */
export const nameState = async (store: ObjectStore, name: string, etag: string | null): Promise<NameState> => {
  const claim = (await readName(store, name))?.claim;
  if (claim === undefined) return { kind: 'unnamed' };
  const same = etag !== null && claim.etag !== undefined && sameTag(claim.etag, etag);
  return same ? { kind: 'begun', identity: claim.identity } : { kind: 'other' };
};

/** @param begun whether anything of the other content is claimed. */
const reused = (name: string, begun: boolean): VpcflowError => {
  if (begun)
    return new VpcflowError(
      'VF_NAME_REUSED',
      `${name} was read before with other content, part of which would count twice`,
    );
  const help = 'let that run go on, or run it again; pass --as-new if what it read is gone or really is other data';
  return new VpcflowError('VF_NAME_REUSED', `another run recorded other content for ${name} and has not begun it`, {
    help,
  });
};

/** On what condition a name may be recorded for an object; null when it needs not be. Throws VF_NAME_REUSED. */
const nameCondition = async (
  store: ObjectStore,
  { name, identity, etag }: Named,
  other: OtherContent,
): Promise<PutCondition | null> => {
  const known = await readName(store, name);
  if (known === null) return { ifAbsent: true };
  const { claim, tag } = known;
  if (claim.identity === identity) return etag === undefined || claim.etag === etag ? null : { ifMatch: tag };
  if (other === 'replace') return { ifMatch: tag };
  if (other === 'keep') return null;
  throw reused(name, (await store.get(partClaimKey(claim.identity, 0))) !== null);
};

/** Writes nothing. Throws VF_NAME_REUSED when `claimName` with `refuse` would. */
export const assertNameFree = async (store: ObjectStore, named: Named): Promise<void> => {
  await nameCondition(store, named, 'refuse');
};

/**
 * Records which content a name has. Of several that come at once the first to be recorded has the name, for good: also
 * while nothing of it is claimed yet, since whoever recorded it may be about to. So it is this one put that decides
 * which content of a name counts, and nothing of an object is claimed before it. Throws VF_NAME_REUSED.
 */
export const claimName = async (
  store: ObjectStore,
  { name, identity, etag }: Named,
  other: OtherContent,
): Promise<void> => {
  const document: NameClaim = { name, identity, ...(etag === undefined ? {} : { etag }) };
  let condition: PutCondition | null = { ifAbsent: true };
  while (condition !== null) {
    const put = await store.put(nameKey(name), serialize(document), condition);
    if (put.outcome === 'stored') return;
    condition = await nameCondition(store, document, other);
  }
};
