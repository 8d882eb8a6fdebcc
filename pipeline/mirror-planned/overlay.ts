// Turns what plan mode has "made" in an account and region into one JSON document, and that document back, or refuses it.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { VpcflowError } from '../../schemas/errors.ts';
import type { MirrorInstance, MirrorSession, MirrorTarget, Tags } from '../../schemas/mirroring/account.ts';
import { INSTANCE_STATES } from '../../schemas/mirroring/events.ts';
import { canonicalJson } from '../canonical-json.ts';

/** Raised whenever a reader of the older document would go wrong. */
const VERSION = 1;

/** With which token something was asked for, and the SHA-256 of what was asked: what EC2's idempotency compares. */
interface Asked {
  readonly token: string;
  readonly asked: string;
}

export type PlannedSession = Asked & { readonly session: MirrorSession };
export type PlannedTarget = Asked & { readonly target: MirrorTarget };
export type PlannedInstance = Asked & {
  readonly instance: MirrorInstance;
  /** When it was terminated, Unix ms; null: it runs. */
  readonly ended: number | null;
};

/** What would have been done to something that the real account has. */
export interface Override {
  readonly kind: 'session' | 'target' | 'instance';
  readonly id: string;
  readonly deleted: boolean;
  /** Tags as they would have been set; null: removed. */
  readonly tags: Readonly<Record<string, string | null>>;
}

/** Everything that differs between the real account and the planned one. */
export interface Overlay {
  readonly version: typeof VERSION;
  /** How many things were ever made here: part of their ids, so that none is given twice. */
  readonly made: number;
  readonly sessions: readonly PlannedSession[];
  readonly targets: readonly PlannedTarget[];
  readonly instances: readonly PlannedInstance[];
  readonly overrides: readonly Override[];
}

export const EMPTY_OVERLAY: Overlay = {
  ...{ version: VERSION, made: 0, sessions: [], targets: [], instances: [], overrides: [] },
};

/** The object of an account and region. */
export const overlayKey = (account: string, region: string): string => `mirroring/planned/${account}.${region}.json`;

const tags = z.record(z.string(), z.string());
const asked = { token: z.string(), asked: z.string().regex(/^[0-9a-f]{64}$/) };

const session = z.strictObject({
  id: z.string(),
  interface: z.string(),
  target: z.string(),
  filter: z.string(),
  number: z.int().min(1).max(32_766),
  virtualNetworkId: z.nullable(z.int().nonnegative()),
  packetLength: z.nullable(z.int().positive()),
  tags,
}) satisfies z.ZodType<MirrorSession>;

const target = z.strictObject({
  id: z.string(),
  kind: z.enum(['network-interface', 'network-load-balancer', 'gateway-load-balancer-endpoint']),
  interface: z.nullable(z.string()),
  owner: z.string(),
  tags,
}) satisfies z.ZodType<MirrorTarget>;

const networkInterface = z.strictObject({
  id: z.string(),
  instance: z.nullable(z.string()),
  deviceIndex: z.nullable(z.int()),
  subnet: z.string(),
  vpc: z.string(),
  zone: z.string(),
  kind: z.string(),
  requesterManaged: z.boolean(),
  addresses: z.array(z.string()),
});

const instance = z.strictObject({
  id: z.string(),
  type: z.string(),
  state: z.enum(INSTANCE_STATES),
  launched: z.int(),
  image: z.string(),
  subnet: z.string(),
  vpc: z.string(),
  zone: z.string(),
  tags,
  interfaces: z.array(networkInterface),
}) satisfies z.ZodType<MirrorInstance>;

const overlaySchema = z.strictObject({
  version: z.literal(VERSION),
  made: z.int().nonnegative(),
  sessions: z.array(z.strictObject({ ...asked, session })),
  targets: z.array(z.strictObject({ ...asked, target })),
  instances: z.array(z.strictObject({ ...asked, instance, ended: z.nullable(z.int()) })),
  overrides: z.array(
    z.strictObject({
      kind: z.enum(['session', 'target', 'instance']),
      id: z.string(),
      deleted: z.boolean(),
      tags: z.record(z.string(), z.nullable(z.string())),
    }),
  ),
}) satisfies z.ZodType<Overlay>;

export const serializeOverlay = (overlay: Overlay): Buffer => Buffer.from(canonicalJson(overlay));

/** Throws VF_STORE_VERSION for a document of another version, VF_STORE_CORRUPT for what is none. */
export const parseOverlay = (key: string, body: Buffer): Overlay => {
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new VpcflowError('VF_STORE_CORRUPT', `${key} is not JSON`, { cause });
  }
  const stated = z.looseObject({ version: z.int() }).safeParse(document);
  if (stated.success && stated.data.version !== VERSION)
    throw new VpcflowError('VF_STORE_VERSION', `${key} has version ${stated.data.version}, this one knows ${VERSION}`);
  const parsed = overlaySchema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new VpcflowError('VF_STORE_CORRUPT', `${key} does not say what is planned: ${z.prettifyError(parsed.error)}`);
};

/** The SHA-256 of a request without its token. */
export const askedFor = (request: { readonly token: string }): string => {
  const { token: _, ...rest } = request;
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
};

/** An id as EC2 gives them: the same for the same token in the same overlay. */
export const plannedId = (kind: 'tms' | 'tmt' | 'i' | 'eni', token: string, made: number): string =>
  `${kind}-0${createHash('sha256').update(`${kind} ${token} ${made}`).digest('hex').slice(0, 16)}`;

/** The overlay with something more that would have been done to a thing of the real account. */
export const overridden = (
  overlay: Overlay,
  kind: Override['kind'],
  id: string,
  change: { readonly deleted?: true; readonly tags?: Override['tags'] },
): Overlay => {
  const isIt = (one: Override): boolean => one.kind === kind && one.id === id;
  const before = overlay.overrides.find(isIt) ?? { kind, id, deleted: false, tags: {} };
  const after = {
    ...before,
    ...(change.deleted === undefined ? {} : { deleted: true }),
    tags: { ...before.tags, ...change.tags },
  };
  return { ...overlay, overrides: [...overlay.overrides.filter((one) => !isIt(one)), after] };
};

/** What a thing of the real account looks like in the planned one; null: it would be gone. */
export const asPlanned = <T extends { readonly id: string; readonly tags: Tags }>(
  overlay: Overlay,
  kind: Override['kind'],
  thing: T,
): T | null => {
  const override = overlay.overrides.find((one) => one.kind === kind && one.id === thing.id);
  if (override === undefined) return thing;
  if (override.deleted) return null;
  const merged = Object.entries({ ...thing.tags, ...override.tags });
  return { ...thing, tags: Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null)) };
};
