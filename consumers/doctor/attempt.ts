// Turns a call that may fail or hang into its answer or its trouble, in bounded time; and a trouble into a finding.
import type { Clock } from '../../schemas/clock.ts';
import { adviceOf, silence, type Trouble, troubleOf } from '../shared/aws-trouble.ts';
import { type Finding, fix, type Permission, warn } from './check.ts';

export interface Bounds {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For how long one call is waited for. */
  readonly limit: number; // ms
}

export type Outcome<T> = { readonly value: T } | { readonly trouble: Trouble };

/** Never rejects, and resolves within the limit whatever the call does: a service that hangs is a finding. */
export const attempt = async <T>(bounds: Bounds, call: (signal: AbortSignal) => Promise<T>): Promise<Outcome<T>> => {
  const { clock, signal, limit } = bounds;
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  const late = clock.sleep(limit, either).then((): Outcome<T> => ({ trouble: silence(limit) }));
  try {
    const answer = call(either).then((value): Outcome<T> => ({ value }));
    return await Promise.race([answer, late]);
  } catch (error) {
    return { trouble: troubleOf(error) };
  } finally {
    end.abort();
  }
};

/** Whether the next call to the same service would fail alike, so that it need not be made. */
export const isGeneral = ({ kind }: Trouble): boolean =>
  !['denied', 'denied-key', 'absent', 'busy', 'other'].includes(kind);

const DENIED_BY = /explicit deny in (?:an? )?([\w -]+?policy)/;
const DENIED = /not authorized to perform: ([\w-]+:\w+)(?: on resource: "?(arn:[^\s"]+))/;

/** What the service says is missing; null where it does not say. */
export const toldPermission = ({ detail }: Trouble): Permission | null => {
  const [, action, resource] = DENIED.exec(detail) ?? [];
  return action === undefined || resource === undefined ? null : { action, resource };
};

/**
 * What was tried is what is missing, not the one object or item that it was tried on; unless the service says that it is
 * an action of another: to write with a KMS key.
 */
const missingPermission = (trouble: Trouble, tried: Permission): Permission => {
  const told = toldPermission(trouble);
  const service = ({ action }: Permission): string => action.split(':')[0] ?? '';
  return told === null || service(told) === service(tried) ? tried : told;
};

const refused = (area: string, trouble: Trouble, expected: Permission): Finding => {
  const policy = DENIED_BY.exec(trouble.detail)?.[1];
  const permission = missingPermission(trouble, expected);
  const what = `${permission.action} is not permitted on ${permission.resource}`;
  if (policy === undefined) return fix(area, what, 'allow it with the policy below', [permission]);
  const remedy = `an explicit deny in a ${policy} forbids it: change that, allowing it is not enough`;
  return fix(area, what, remedy, [permission]);
};

/** What a trouble is to the reader. `doing`: "the stream cannot be described"; `permission`: what a refusal is about. */
export const troubled = (area: string, doing: string, trouble: Trouble, permission: Permission): Finding => {
  const { kind, detail } = trouble;
  const advice = adviceOf(trouble);
  if (advice !== null) {
    // What is wrong with every call alike is said alike, so that it stands in the report once.
    const ofEach = kind === 'clock' || kind === 'unreachable' || kind === 'silent';
    return fix(area, ofEach ? `${doing}: ${advice.what}` : advice.what, advice.remedy);
  }
  switch (kind) {
    case 'denied':
      return refused(area, trouble, permission);
    case 'denied-key':
      return fix(area, `${doing}: the KMS key refuses (${detail})`, 'allow kms:Decrypt on the key, in its policy too');
    case 'busy':
      return warn(area, `${doing}: ${detail}`, 'run it again; if it stays so, too much else uses the same limits');
    default:
      return trouble.help === null
        ? fix(area, `${doing}: ${detail}`, 'see what the service says')
        : fix(area, detail, trouble.help);
  }
};
