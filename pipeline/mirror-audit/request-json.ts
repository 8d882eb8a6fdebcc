// Turns a request into the JSON that a decision about it keeps, and that JSON back, or refuses it.
import { z } from 'zod';
import { type Finding, MIRROR_CAUSES } from '../../schemas/mirroring/events.ts';
import type { MirrorRequest } from '../../schemas/mirroring/plan.ts';
import { canonicalJson, parseExactJson } from '../canonical-json.ts';

const time = z.int(); // Unix ms
const texts = z.array(z.string()).readonly();
const bytes = z.union([z.bigint(), z.int()]).transform((value) => BigInt(value));

// Members that are not known here are left out: a later version may have written them.
const finding = z.object({
  ...{ id: z.string().min(1), type: z.string(), severity: z.number(), title: z.string() },
  ...{ account: z.string(), region: z.string(), updatedAt: time, archived: z.boolean() },
  claimed: time.exactOptional(),
  instances: texts,
  interfaces: z.array(z.object({ id: z.string(), addresses: texts })).readonly(),
  ...{ localAddresses: texts, localInterfaces: texts, remoteAddresses: texts },
}) satisfies z.ZodType<Finding>;

const request = z.object({
  key: z.string().min(1),
  cause: z.enum(MIRROR_CAUSES),
  ...{ account: z.string(), region: z.string(), instances: texts },
  finding: finding.nullable(),
  at: time,
  neighbours: z
    .array(z.object({ interface: z.string(), bytes, window: z.string(), complete: z.boolean().nullable() }))
    .readonly(),
}) satisfies z.ZodType<MirrorRequest>;

export const encodeRequest = (value: MirrorRequest): string => canonicalJson(value);

/** Null for text that is no request. */
export const decodeRequest = (json: string): MirrorRequest | null => {
  try {
    return request.parse(parseExactJson(json));
  } catch {
    return null;
  }
};
