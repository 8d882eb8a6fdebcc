// Which of EC2's actions are permitted, asked of an EC2 that honours DryRun and of one that does not.
import { afterEach, describe, expect, test } from 'vitest';
import { checkMirrorPermissions } from '../../../consumers/doctor/mirroring-permissions.ts';
import { ec2Clients } from '../../../consumers/shared/mirroring/ec2-clients.ts';
import { type FakeEc2, startFakeEc2 } from '../../fakes/ec2-http/server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const bed = async (dryRun: 'honoured' | 'ignored' = 'honoured') => {
  const fake = await startFakeEc2({ instances: [{ id: 'i-1' }] }, { dryRun });
  const { ec2, sts } = ec2Clients(fake.region, fake.place, { attempts: 1, wait: 1 });
  closing.push(() => [ec2.destroy(), sts.destroy()], fake.stop);
  return { fake, ec2 };
};
const never = new AbortController().signal;
const actionsOf = (fake: FakeEc2): readonly string[] => [...new Set(fake.calls.map(({ action }) => action))].toSorted();

const READS = ['DescribeInstances', 'DescribeNetworkInterfaces', 'DescribeTrafficMirrorFilters'].concat([
  ...['DescribeTrafficMirrorSessions', 'DescribeTrafficMirrorTargets'],
]);
const SESSIONS = ['CreateTags', 'CreateTrafficMirrorSession', 'DeleteTags', 'DeleteTrafficMirrorSession'];
const TARGETS = ['CreateTrafficMirrorTarget', 'DeleteTrafficMirrorTarget', 'RunInstances', 'TerminateInstances'];

describe('permissions', () => {
  test.each([
    ['plan', READS],
    ['sessions', [...READS, ...SESSIONS]],
    ['sessions-and-targets', [...READS, ...SESSIONS, ...TARGETS]],
  ] as const)('for %s are asked with DryRun each, and nothing is changed', async (needs, actions) => {
    const { fake, ec2 } = await bed();
    const permissions = await checkMirrorPermissions(ec2, needs, never);
    expect(actionsOf(fake)).toEqual(actions.toSorted());
    expect(
      fake.calls.filter(({ parameters, answer }) => parameters.DryRun !== 'true' || answer !== 'DryRunOperation'),
    ).toEqual([]);
    expect(permissions.map(({ action }) => action).toSorted()).toEqual(actions.map((one) => `ec2:${one}`).toSorted());
    expect(permissions.filter(({ verdict }) => verdict !== 'permitted')).toEqual([]);
    expect(fake.state.instances.size + fake.state.sessions.size).toBe(1);
  });

  test('that are missing are denied, with what EC2 says; the others are still asked', async () => {
    const { fake, ec2 } = await bed();
    const denied = { error: 'UnauthorizedOperation', message: 'You are not authorized.' };
    fake.inject({ action: 'CreateTags', ...denied });
    fake.inject({ action: 'DescribeInstances', ...denied });
    const permissions = await checkMirrorPermissions(ec2, 'sessions', never);
    const detail = 'UnauthorizedOperation: You are not authorized.';
    expect(permissions.filter(({ verdict }) => verdict !== 'permitted')).toEqual([
      { action: 'ec2:DescribeInstances', verdict: 'denied', detail },
      { action: 'ec2:CreateTags', verdict: 'denied', detail },
    ]);
  });

  test('cannot be known where EC2 speaks of something else', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ action: 'CreateTrafficMirrorSession', error: 'InvalidNetworkInterfaceID.NotFound' });
    const permissions = await checkMirrorPermissions(ec2, 'sessions', never);
    expect(permissions.find(({ action }) => action === 'ec2:CreateTrafficMirrorSession')).toMatchObject({
      verdict: 'unknown',
      detail: expect.stringContaining('InvalidNetworkInterfaceID.NotFound'),
    });
  });

  test('are not asked with changes of an endpoint that ignores DryRun', async () => {
    const { fake, ec2 } = await bed('ignored');
    const permissions = await checkMirrorPermissions(ec2, 'sessions-and-targets', never);
    expect(actionsOf(fake)).toEqual(READS.toSorted());
    expect(permissions.filter(({ verdict }) => verdict === 'permitted')).toHaveLength(READS.length);
    expect(permissions.filter(({ verdict }) => verdict === 'unknown')).toHaveLength(SESSIONS.length + TARGETS.length);
    expect(fake.changes()).toEqual([]);
  });

  test('are about the things that are named', async () => {
    const { fake, ec2 } = await bed();
    await checkMirrorPermissions(ec2, 'sessions', never, { interface: 'eni-1', target: 'tmt-7', filter: 'tmf-7' });
    expect(fake.calls.find(({ action }) => action === 'CreateTrafficMirrorSession')?.parameters).toMatchObject({
      ...{ NetworkInterfaceId: 'eni-1', TrafficMirrorTargetId: 'tmt-7', TrafficMirrorFilterId: 'tmf-7' },
    });
  });
});
