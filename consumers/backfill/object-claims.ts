// Reads and writes what the store knows of one object: the claims of its parts, and which content a name had.
import { createHash } from 'node:crypto';
import { parseNameClaim, parsePartClaim, serialize } from '../../pipeline/documents.ts';
import { backfillSource, nameClaimKey, partClaimKey, partClaimPrefix } from '../../pipeline/keys.ts';
import type { NameClaim, PartClaim } from '../../schemas/chain.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { DECODER_VERSION } from '../../schemas/settings.ts';
import type { ObjectStore, PutCondition } from '../../schemas/store.ts';
import { readCommit } from '../shared/epoch-writer.ts';

/** The claims of an object's parts, from the first on. Throws VF_CHAIN_BROKEN when they do not form one row. */
export const readPartClaims = async (store: ObjectStore, identity: string): Promise<readonly PartClaim[]> => {
  const claims: PartClaim[] = [];
  for await (const { key } of store.list(partClaimPrefix(identity))) {
    const stored = await store.get(key);
    if (stored === null) continue;
    const claim = parsePartClaim(key, stored.body);
    const [first, last] = [claims[0] ?? claim, claims.at(-1)];
    const follows = claim.part === claims.length && claim.firstLine === (last?.firstLine ?? 0) + (last?.lines ?? 0);
    if (
      !follows ||
      last?.final === true ||
      claim.settings !== first.settings ||
      claim.arrival.first !== first.arrival.first
    ) {
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

/** Claims the next part; false when somebody else was first. */
export const putPartClaim = async (store: ObjectStore, claim: PartClaim): Promise<boolean> => {
  const put = await store.put(partClaimKey(claim.identity, claim.part), serialize(claim), { ifAbsent: true });
  return put.outcome === 'stored';
};

/** What to do when a name had other content of which something may count: keep that, refuse, or record the new one. */
export type OtherContent = 'keep' | 'refuse' | 'replace';

/** On what condition a name may be recorded for an object; null when it needs not be. Throws VF_NAME_REUSED. */
const nameCondition = async (
  store: ObjectStore,
  name: string,
  identity: string,
  other: OtherContent,
): Promise<PutCondition | null> => {
  const key = nameKey(name);
  const known = await store.get(key);
  if (known === null) return { ifAbsent: true };
  const recorded = parseNameClaim(key, known.body).identity;
  if (recorded === identity) return null;
  // Parts are claimed in order: of what has no first one, nothing counts.
  if (other !== 'replace' && (await store.get(partClaimKey(recorded, 0))) !== null) {
    if (other === 'keep') return null;
    const message = `${name} was read before with other content, part of which would count twice`;
    throw new VpcflowError('VF_NAME_REUSED', message);
  }
  return { ifMatch: known.tag };
};

const nameKey = (name: string): string => nameClaimKey(createHash('sha256').update(name).digest('hex'));

/** Writes nothing. Throws VF_NAME_REUSED when `claimName` with `refuse` would. */
export const assertNameFree = async (store: ObjectStore, name: string, identity: string): Promise<void> => {
  await nameCondition(store, name, identity, 'refuse');
};

/** Records which content a name has. Throws VF_NAME_REUSED. */
export const claimName = async (
  store: ObjectStore,
  name: string,
  identity: string,
  other: OtherContent,
): Promise<void> => {
  const document: NameClaim = { name, identity };
  let condition: PutCondition | null = { ifAbsent: true };
  while (condition !== null) {
    const put = await store.put(nameKey(name), serialize(document), condition);
    if (put.outcome === 'stored') return;
    condition = await nameCondition(store, name, identity, other);
  }
};
