// Turns what a claim fixed, and what a commit says it was written under, into a mark by which the two are compared.
import { createHash } from 'node:crypto';
import type { Claim, Commit, PartClaim } from '../../schemas/chain.ts';
import { canonicalJson } from '../canonical-json.ts';

const mark = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest().toString('latin1', 0, 16);

/** Members that a claim fixes and its commit repeats, by name. */
export const claimed = (claim: Claim | PartClaim, key: string): Readonly<Record<string, unknown>> => ({
  claim: key,
  settings: claim.settings,
  decoder: claim.decoder,
  arrival: claim.arrival,
  objects: claim.objects,
  ...(claim.kind === 'claim' ? { records: claim.records, gap: claim.gap } : { final: claim.final }),
});

/** The same members as a commit states them; `stream` false for a part of an object. */
export const committed = (commit: Commit, stream: boolean): Readonly<Record<string, unknown>> => ({
  claim: commit.claim,
  settings: commit.settings,
  decoder: commit.decoder,
  arrival: commit.arrival,
  objects: commit.objects.map((object) => object.key),
  ...(stream ? { records: commit.counts.records, gap: commit.gap } : { final: commit.final }),
});

/** 16 bytes that stand for the members: kept for every commit while its claim is looked for. */
export const agreementMark = (members: Readonly<Record<string, unknown>>): string => mark(members);

/** The first member in which the two differ, as text; null when there is none. */
export const disagreement = (
  claim: Readonly<Record<string, unknown>>,
  commit: Readonly<Record<string, unknown>>,
): { readonly member: string; readonly claim: string; readonly commit: string } | null => {
  for (const member of Object.keys(claim)) {
    const [a, b] = [canonicalJson(claim[member] ?? null), canonicalJson(commit[member] ?? null)];
    if (a !== b) return { member, claim: a, commit: b };
  }
  return null;
};
