// Turns the parameters of a call into the client token that makes a repeat of the call the same call.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';

/**
 * SHA-256 in hex, 64 characters, EC2's most: over every parameter of the call and what asked for it, so that the same
 * token never comes with other parameters (IdempotentParameterMismatch).
 */
export const clientToken = (kind: string, parameters: Readonly<Record<string, unknown>>): string =>
  createHash('sha256')
    .update(canonicalJson({ kind, ...parameters }))
    .digest('hex');
