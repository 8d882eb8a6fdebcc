// Turns two looks at the lease table, some seconds apart, and the shards of the stream into who reads what, and what is wrong.

import { paginateScan } from '@aws-sdk/client-dynamodb';
import type { Shard } from '@aws-sdk/client-kinesis';
import { formatMany } from '../../pipeline/quantities.ts';
import { attempt } from './attempt.ts';
import { type Finding, fix, ok, unchecked, warn } from './check.ts';
import type { Examination } from './examination.ts';
import { isOpen } from './stream-check.ts';

/** A lease as the library stores it; its owner adds one to the counter every 3.3 s. */
export interface SeenLease {
  readonly shard: string;
  readonly owner: string | null;
  readonly counter: string;
  readonly checkpoint: string;
  readonly startingHash: string | null;
}

/** The library renews three times in its failoverTimeMillis of 10 s, and we look for longer than one such interval. */
const BETWEEN_LOOKS = 5_000; // ms
const AREA = 'leases';
const ENDED = 'SHARD_END';

export interface Looks {
  readonly application: string;
  readonly stream: string;
  readonly shards: readonly Shard[];
  readonly before: readonly SeenLease[];
  readonly after: readonly SeenLease[];
  readonly workerId: string;
}

const some = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;

/** Why the lease cannot be of this stream, or null. Shards are numbered alike in every stream, so more than ids is compared. */
const foreign = (lease: SeenLease, shards: ReadonlyMap<string, Shard>): string | null => {
  const shard = shards.get(lease.shard);
  if (shard === undefined) return lease.checkpoint === ENDED ? null : 'the stream has no such shard';
  const { HashKeyRange: hashes, SequenceNumberRange: numbers } = shard;
  if (lease.startingHash !== null && hashes?.StartingHashKey !== lease.startingHash) return 'its hash keys are others';
  const starts = numbers?.StartingSequenceNumber;
  if (!/^\d+$/.test(lease.checkpoint) || starts === undefined) return null;
  return BigInt(lease.checkpoint) < BigInt(starts) ? 'its checkpoint is older than the shard' : null;
};

const judgeOwnership = ({ application, before, after, workerId }: Looks): readonly Finding[] => {
  const counters = new Map(before.map(({ shard, counter }) => [shard, counter]));
  const owned = after.filter(({ owner, checkpoint }) => owner !== null && checkpoint !== ENDED);
  const owners = [...new Set(owned.map(({ owner }) => owner ?? ''))].sort();
  const alive = new Set(
    owned.filter(({ shard, counter }) => counters.get(shard) !== counter).map(({ owner }) => owner ?? ''),
  );
  const count = (owner: string): string => formatMany(owned.filter((lease) => lease.owner === owner).length, 'shard');
  const dead = owners.filter((owner) => !alive.has(owner));
  const reading = [...alive].sort().map((owner) => `${owner} reads ${count(owner)}`);
  const nobody = after.filter(({ owner, checkpoint }) => owner === null && checkpoint !== ENDED);
  const findings: Finding[] = [];
  if (alive.size > 0) findings.push(ok(AREA, `${some(reading)} (renewed within the last ${BETWEEN_LOOKS / 1000} s)`));
  else {
    const last = dead.length === 0 ? '' : ` (the last owner${dead.length === 1 ? ' was' : 's were'} ${some(dead)})`;
    findings.push(unchecked(AREA, `no worker of ${application} renews a lease: none runs at this moment${last}`));
  }
  if (alive.has(workerId))
    findings.push(ok(AREA, `${workerId} runs: give another worker on this host another --worker-id`));
  if (alive.size > 0 && dead.length > 0) {
    const what = `${some(dead)} did not renew in ${BETWEEN_LOOKS / 1000} s`;
    findings.push(
      warn(AREA, what, 'if it was killed, another takes its shards after 10 s; the leader’s lock after 120 s'),
    );
  }
  if (alive.size > 0 && nobody.length > 0) {
    const what = `nobody reads ${some(nobody.map(({ shard }) => shard))}`;
    findings.push(warn(AREA, what, 'a worker takes it within a minute; if not, see the log of the worker that leads'));
  }
  return findings;
};

/** What the leases say, in the order of the report. Pure. */
export const judgeLeases = (looks: Looks): readonly Finding[] => {
  const { application, stream, shards, after } = looks;
  if (after.length === 0) return [unchecked(AREA, `${application} is empty: no worker has started yet`)];
  const byId = new Map(shards.map((shard) => [shard.ShardId ?? '', shard]));
  const strangers = after.flatMap((lease) => {
    const why = foreign(lease, byId);
    return why === null ? [] : [`${lease.shard} (${why})`];
  });
  if (strangers.length > 0) {
    const what = `${application} has leases that are not of ${stream}: ${some(strangers)}`;
    const remedy =
      'another stream uses this application, or the stream was created anew: take another --application, which starts at --from and skips what is committed';
    return [fix(AREA, what, remedy)];
  }
  const leased = new Set(after.map(({ shard }) => shard));
  const without = shards.filter((shard) => isOpen(shard) && !leased.has(shard.ShardId ?? ''));
  const ended = after.filter(({ checkpoint }) => checkpoint === ENDED).length;
  const begun = after.filter(({ checkpoint }) => /^\d+$/.test(checkpoint)).length;
  const summary = `${formatMany(after.length, 'lease')}: ${begun} with a checkpoint, ${after.length - begun - ended} at the start, ${ended} ended`;
  return [
    ok(AREA, summary),
    ...judgeOwnership(looks),
    ...(without.length === 0
      ? []
      : [
          warn(
            AREA,
            `no lease yet for ${some(without.map(({ ShardId }) => ShardId ?? ''))}`,
            'a running worker makes it when the parents of the shard are read, or within a minute',
          ),
        ]),
  ];
};

const look = async ({ clients, ...bounds }: Examination, table: string) =>
  await attempt(bounds, async () => {
    const seen: SeenLease[] = [];
    for await (const page of paginateScan({ client: clients.dynamo }, { TableName: table, ConsistentRead: true })) {
      for (const { leaseKey, leaseOwner, leaseCounter, checkpoint, startingHashKey } of page.Items ?? []) {
        if (leaseKey?.S === undefined || checkpoint?.S === undefined) continue;
        seen.push({
          shard: leaseKey.S,
          owner: leaseOwner?.S ?? null,
          counter: leaseCounter?.N ?? '0',
          checkpoint: checkpoint.S,
          startingHash: startingHashKey?.S ?? null,
        });
      }
    }
    return seen.sort((a, b) => (a.shard < b.shard ? -1 : 1));
  });

/** Looks twice where somebody owns a lease: a lease has no time in it, only its counter tells the living from the dead. */
export const checkLeaseContents = async (
  examination: Examination,
  looked: Omit<Looks, 'before' | 'after'>,
): Promise<readonly Finding[]> => {
  const { clock, signal } = examination;
  const before = await look(examination, looked.application);
  if ('trouble' in before) return [unchecked(AREA, `they cannot be read: ${before.trouble.detail}`)];
  if (before.value.some(({ owner }) => owner !== null)) await clock.sleep(BETWEEN_LOOKS, signal);
  const after = await look(examination, looked.application);
  if ('trouble' in after) return [unchecked(AREA, `they cannot be read: ${after.trouble.detail}`)];
  return judgeLeases({ ...looked, before: before.value, after: after.value });
};
