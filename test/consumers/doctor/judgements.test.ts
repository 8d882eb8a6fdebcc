// The parts of the doctor that only decide: leases against shards, the clock, the policy, versions and patterns.
import type { Shard } from '@aws-sdk/client-kinesis';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fix, ok, type Permission, unchecked, warn } from '../../../consumers/doctor/check.ts';
import { checkClock } from '../../../consumers/doctor/clock-check.ts';
import { judgeLeases, type SeenLease } from '../../../consumers/doctor/lease-contents-check.ts';
import { isAtLeast } from '../../../consumers/doctor/local-checks.ts';
import { doctorJson, doctorTable, isHealthy, policyOf } from '../../../consumers/doctor/report.ts';
import { matchesGroup } from '../../../consumers/doctor/subscription-check.ts';

describe('leases', () => {
  const shard = (number: number, ended = false): Shard => ({
    ShardId: `shardId-${String(number).padStart(12, '0')}`,
    HashKeyRange: { StartingHashKey: String(number * 100), EndingHashKey: String(number * 100 + 99) },
    SequenceNumberRange: {
      StartingSequenceNumber: '1000',
      ...(ended ? { EndingSequenceNumber: '2000' } : {}),
    },
  });
  const lease = (number: number, more: Partial<SeenLease> = {}): SeenLease => ({
    ...{ shard: shard(number).ShardId ?? '', owner: null, counter: '0', checkpoint: '1500' },
    startingHash: String(number * 100),
    ...more,
  });
  const judged = (shards: readonly Shard[], after: readonly SeenLease[], before = after) =>
    judgeLeases({ ...{ application: 'app', stream: 'flows', workerId: 'me' }, shards, before, after }).map(
      ({ verdict, what }) => `${verdict}: ${what}`,
    );

  test('none: no worker has started', () => {
    expect(judged([shard(0)], [])).toEqual(['unchecked: app is empty: no worker has started yet']);
  });

  test('one that moves between two looks has a worker that lives; another has not', () => {
    const before = [lease(0, { owner: 'a', counter: '1' }), lease(1, { owner: 'b', counter: '1' })];
    const after = [lease(0, { owner: 'a', counter: '2' }), lease(1, { owner: 'b', counter: '1' })];
    expect(judged([shard(0), shard(1)], after, before)).toEqual([
      'ok: 2 leases: 2 with a checkpoint, 0 at the start, 0 ended',
      'ok: a reads 1 shard (renewed within the last 5 s)',
      'warn: b did not renew in 5 s',
    ]);
  });

  test('with nobody who lives, an owner of old is no warning', () => {
    expect(judged([shard(0)], [lease(0, { owner: 'a' })])).toEqual([
      'ok: 1 lease: 1 with a checkpoint, 0 at the start, 0 ended',
      'unchecked: no worker of app renews a lease: none runs at this moment (the last owner was a)',
    ]);
  });

  test('an open shard without a lease, and a lease without an owner beside workers that live, are warnings', () => {
    const before = [lease(0, { owner: 'me', counter: '1' }), lease(1)];
    const after = [lease(0, { owner: 'me', counter: '2' }), lease(1)];
    expect(judged([shard(0), shard(1), shard(2), shard(3, true)], after, before)).toEqual([
      'ok: 2 leases: 2 with a checkpoint, 0 at the start, 0 ended',
      'ok: me reads 1 shard (renewed within the last 5 s)',
      'ok: me runs: give another worker on this host another --worker-id',
      'warn: nobody reads shardId-000000000001',
      'warn: no lease yet for shardId-000000000002',
    ]);
  });

  test('of an ended shard that the stream has forgotten is as it should be', () => {
    const leases = [lease(0, { checkpoint: 'SHARD_END' }), lease(1, { checkpoint: 'TRIM_HORIZON' })];
    expect(judged([shard(1)], leases)[0]).toBe('ok: 2 leases: 0 with a checkpoint, 1 at the start, 1 ended');
  });

  test.for([
    ['a shard that it has not', lease(7), 'the stream has no such shard'],
    ['other hash keys', lease(0, { startingHash: '5' }), 'its hash keys are others'],
    ['a checkpoint from before the shard', lease(0, { checkpoint: '999' }), 'its checkpoint is older than the shard'],
  ] as const)('of another stream are known by %s', ([, stranger, why]) => {
    const found = judged([shard(0)], [stranger]);
    expect(found).toEqual([`fix: app has leases that are not of flows: ${stranger.shard} (${why})`]);
  });
});

describe('the clock', () => {
  const told = (...seconds: readonly number[]) => seconds.map((s, i) => ({ service: `S${i}`, ahead: s * 1000 }));

  test('is judged by the median, so that one wrong service decides nothing', () => {
    expect(checkClock(told(0, 1, 3600)).verdict).toBe('ok');
    expect(checkClock(told(3600, 3601, 0)).what).toMatch(/^this host's clock is 60 min behind that of S0, S1, S2/);
  });

  test.for([
    [59, 'ok'],
    [60, 'warn'],
    [-60, 'warn'],
    [299, 'warn'],
    [300, 'fix'],
    [-300, 'fix'],
  ] as const)('%i s off: %s', ([seconds, verdict]) => {
    expect(checkClock(told(seconds)).verdict).toBe(verdict);
  });

  test('is not judged when nobody told the time', () => {
    expect(checkClock([]).verdict).toBe('unchecked');
  });
});

describe('the policy', () => {
  const permissions = fc.array(
    fc.record({
      action: fc.constantFrom('s3:GetObject', 's3:PutObject', 'kinesis:GetRecords'),
      resource: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
    { maxLength: 20 },
  );
  const pairs = (all: readonly Permission[]): ReadonlySet<string> =>
    new Set(all.map(({ action, resource }) => `${action} ${resource}`));

  test('allows what is missing and nothing else, in as few statements as there are sets of actions', () => {
    fc.assert(
      fc.property(permissions, (missing) => {
        const statements = policyOf(missing)?.Statement ?? [];
        const allowed = statements.flatMap(({ Action, Resource }) =>
          Action.flatMap((action) => Resource.map((resource) => ({ action, resource }))),
        );
        expect(pairs(allowed)).toEqual(pairs(missing));
        expect(allowed).toHaveLength(pairs(missing).size);
        expect(new Set(statements.map(({ Action }) => Action.join())).size).toBe(statements.length);
      }),
    );
  });

  test('is none where nothing in IAM is missing', () => {
    expect(policyOf([{ action: 'file:put', resource: './data' }])).toBeNull();
  });
});

describe('the report', () => {
  const findings = [
    ok('node', 'fine'),
    warn('stream', 'so so', 'think'),
    fix('store', 'bad', 'mend', [{ action: 's3:GetObject', resource: 'arn:aws:s3:::b/*' }]),
    unchecked('clock', 'unknown'),
  ];

  test('is a line each, a verdict and a policy', () => {
    expect(doctorTable(findings).split('\n').slice(0, 7)).toEqual([
      'ok    node         fine',
      'warn  stream       so so: think',
      'FIX   store        bad: mend',
      '-     clock        unknown',
      '1 to fix; 1 to consider, 1 not checked',
      '',
      'This policy allows what was refused:',
    ]);
  });

  test('as JSON has the same in the same order', () => {
    const document = JSON.parse(doctorJson(findings));
    expect(document).toEqual({ ok: false, findings, policy: policyOf(findings[2]!.missing) });
  });

  test('is healthy with warnings and without anything to fix', () => {
    expect(isHealthy(findings.filter(({ verdict }) => verdict !== 'fix'))).toBe(true);
    expect(isHealthy(findings)).toBe(false);
  });
});

test.for([
  ['v24.18.0', true],
  ['v24.21.3', true],
  ['v26.0.0', true],
  ['v24.17.9', false],
  ['v22.30.0', false],
] as const)('Node %s is at least >=24.18: %s', ([version, expected]) => {
  expect(isAtLeast(version, '>=24.18')).toBe(expected);
});

test.for([
  ['/vpc/*', '/vpc/flows', true],
  ['/vpc/*', '/other/vpc/flows', false],
  ['*flows', '/vpc/flows', true],
  ['/a.b*', '/axb', false],
  ['/vpc/flows', '/vpc/flows', true],
] as const)('the pattern %s and the log group %s: %s', ([pattern, group, expected]) => {
  expect(matchesGroup(pattern, group)).toBe(expected);
});
