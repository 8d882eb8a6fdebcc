// Turns what a claim fixed, and what a commit says it was written under, into a mark by which the two are compared.
import { createHash } from 'node:crypto';
import type { Claim, Commit, PartClaim, ReplayClaim } from '../../schemas/chain.ts';
import { canonicalJson } from '../canonical-json.ts';

const mark = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest().toString('latin1', 0, 16);

export type AnyClaim = Claim | PartClaim | ReplayClaim;

type Members = Readonly<Record<string, unknown>>;

const ofClaim = (claim: AnyClaim): Members => {
  switch (claim.kind) {
    case 'claim':
      return { records: claim.records, gap: claim.gap };
    case 'part-claim':
      return { final: claim.final };
    case 'replay-claim':
      return { replayed: claim.source, rows: claim.rows };
  }
};

const ofCommit = (commit: Commit, kind: AnyClaim['kind']): Members => {
  switch (kind) {
    case 'claim':
      return { records: commit.counts.records, gap: commit.gap };
    case 'part-claim':
      return { final: commit.final };
    case 'replay-claim':
      return { replayed: commit.replays?.source, rows: commit.replays?.rows };
  }
};

/** Members that a claim fixes and its commit repeats, by name. */
export const claimed = (claim: AnyClaim, key: string): Members => ({
  claim: key,
  settings: claim.settings,
  decoder: claim.decoder,
  arrival: claim.arrival,
  objects: claim.objects,
  ...ofClaim(claim),
});

/** The same members as a commit states them, for a claim of that kind. */
export const committed = (commit: Commit, kind: AnyClaim['kind']): Members => ({
  claim: commit.claim,
  settings: commit.settings,
  decoder: commit.decoder,
  arrival: commit.arrival,
  objects: commit.objects.map((object) => object.key),
  ...ofCommit(commit, kind),
});

/** The kind of claim that a commit of this source has. */
export const claimKindOf = (source: string): AnyClaim['kind'] => {
  if (source.startsWith('backfill-')) return 'part-claim';
  return /^replay-\d{6}-/.test(source) ? 'replay-claim' : 'claim';
};

/** 16 bytes that stand for the members: kept for every commit while its claim is looked for. */
export const agreementMark = (members: Members): string => mark(members);

/** The first member in which the two differ, as text; null when there is none. */
export const disagreement = (
  claim: Members,
  commit: Members,
): { readonly member: string; readonly claim: string; readonly commit: string } | null => {
  for (const member of Object.keys(claim)) {
    const [a, b] = [canonicalJson(claim[member] ?? null), canonicalJson(commit[member] ?? null)];
    if (a !== b) return { member, claim: a, commit: b };
  }
  return null;
};
