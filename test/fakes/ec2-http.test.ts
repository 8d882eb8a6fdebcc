// The fake EC2's own ways, which tests rely on beyond the contract of Ec2Mirror.
import {
  DeleteTrafficMirrorFilterCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeTrafficMirrorSessionsCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, expect, test } from 'vitest';
import { openEc2Mirror } from '../../consumers/mirror/ec2/open.ts';
import type { NewSession } from '../../schemas/mirroring/account.ts';
import { type FakeEc2, startFakeEc2 } from './ec2-http/server.ts';
import type { FakeSettings } from './ec2-http/settings.ts';
import type { FakeWorld } from './ec2-http/world.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const start = async (world: FakeWorld, settings: Partial<FakeSettings> = {}) => {
  const fake = await startFakeEc2(world, settings);
  const sdk = new EC2Client({ region: fake.region, ...fake.place, maxAttempts: 1 });
  const ec2 = openEc2Mirror({ region: fake.region, place: fake.place, patience: { attempts: 1 } });
  closing.push(() => [sdk.destroy(), ec2.close()], fake.stop);
  return { fake, sdk, ec2 };
};
const session = (change: Partial<NewSession>): NewSession => ({
  ...{ interface: 'eni-1', target: 'tmt-1', filter: 'tmf-1', number: 1, virtualNetworkId: null, packetLength: null },
  ...{ description: '', tags: {}, token: JSON.stringify(change).slice(0, 64), ...change },
});
const MIRRORED: FakeWorld = {
  instances: [{ id: 'i-1' }, { id: 'i-host' }],
  targets: [{ id: 'tmt-1', interface: 'eni-host' }],
  filters: [{ id: 'tmf-1' }],
  sessions: [{ id: 'tms-1', interface: 'eni-1', target: 'tmt-1' }],
};
const statesOf = ({ state }: FakeEc2): readonly string[] => [...state.instances.values()].map((one) => one.state);

test('a request that is not signed is refused, and so is an action that it does not know', async () => {
  const { fake } = await start({});
  const post = (headers: Record<string, string>) =>
    fetch(fake.endpoint, { method: 'POST', headers, body: 'Action=DescribeNothing&Version=2016-11-15' });
  const [unsigned, unknown] = [
    await post({}),
    await post({ authorization: 'AWS4-HMAC-SHA256 Credential=…'.slice(0, 28) }),
  ];
  expect([unsigned.status, await unsigned.text()]).toEqual([401, expect.stringContaining('<Code>AuthFailure</Code>')]);
  expect([unknown.status, await unknown.text()]).toEqual([400, expect.stringContaining('<Code>InvalidAction</Code>')]);
});

test('a page size outside of the bounds or along with ids, a foreign token, an unknown filter are refused', async () => {
  const { sdk } = await start(MIRRORED);
  const code = (parameters: DescribeInstancesCommandInput) =>
    sdk.send(new DescribeInstancesCommand(parameters)).catch((error: Error) => error.name);
  expect(await code({ MaxResults: 4 })).toBe('InvalidParameterValue');
  expect(await code({ MaxResults: 5, InstanceIds: ['i-1'] })).toBe('InvalidParameterCombination');
  expect(await code({ NextToken: 'mine' })).toBe('InvalidNextToken');
  expect(await code({ Filters: [{ Name: 'colour', Values: ['red'] }] })).toBe('InvalidParameterValue');
  const byTag = { Filters: [{ Name: 'tag:a', Values: ['1'] }] };
  const sessions = sdk.send(new DescribeTrafficMirrorSessionsCommand(byTag)).catch((error: Error) => error.name);
  expect(await sessions).toBe('InvalidParameterValue'); // EC2 documents no filter by tag for these
});

test('a filter that a session uses is not deleted', async () => {
  const { sdk, ec2 } = await start(MIRRORED);
  const command = new DeleteTrafficMirrorFilterCommand({ TrafficMirrorFilterId: 'tmf-1' });
  await expect(sdk.send(command)).rejects.toMatchObject({ name: 'TrafficMirrorFilterInUse' });
  await ec2.deleteSession('tms-1');
  expect(await sdk.send(command)).toMatchObject({ TrafficMirrorFilterId: 'tmf-1' });
});

test('a DryRun says what would be, and changes nothing', async () => {
  const { fake, sdk } = await start(MIRRORED);
  const command = new TerminateInstancesCommand({ InstanceIds: ['i-1'], DryRun: true });
  const refused = { name: 'DryRunOperation', $metadata: { httpStatusCode: 412 } };
  await expect(sdk.send(command)).rejects.toMatchObject(refused);
  expect(statesOf(fake)).toEqual(['running', 'running']);
});

test('a terminated instance takes its interfaces and their sessions along, after it was looked at', async () => {
  const { fake, ec2 } = await start(MIRRORED, { endsAfter: 2 });
  await ec2.terminateInstance('i-1');
  const looks = [await ec2.instances(['i-1']), await ec2.instances(['i-1']), await ec2.instances(['i-1'])];
  expect(looks.map(([one]) => one?.state)).toEqual(['shutting-down', 'shutting-down', 'terminated']);
  expect(looks[2]).toMatchObject([{ interfaces: [], subnet: '' }]);
  expect([fake.state.sessions.size, await ec2.interfaces(['eni-1'])]).toEqual([0, []]);
});

test.each([
  [0, ['running', 'running']],
  [1, ['pending', 'running']],
])('a launched instance is pending for %d looks at it', async (startsAfter, states) => {
  const { ec2 } = await start(MIRRORED, { startsAfter, now: () => 1_795_000_000_000 });
  const launch = { instanceType: 'm5.large', image: 'ami-1', securityGroups: [], subnet: 'subnet-a', tags: {} };
  const made = await ec2.runInstance({ ...launch, token: 'launch' });
  if (!made.ok) throw new Error(made.message);
  const looks = [...(await ec2.instances([made.value.id])), ...(await ec2.instances([made.value.id]))];
  expect([made.value, ...looks].map(({ state }) => state)).toEqual(['pending', ...states]);
  expect(looks[0]?.launched).toBe(1_795_000_000_000);
});

test('a launched instance may never run', async () => {
  const { ec2 } = await start(MIRRORED, { startsAfter: null });
  const launch = { instanceType: 'm5.large', image: 'ami-1', securityGroups: [], subnet: 'subnet-a', tags: {} };
  const made = await ec2.runInstance({ ...launch, token: 'launch' });
  if (!made.ok) throw new Error(made.message);
  for (let look = 0; look < 5; look += 1)
    expect(await ec2.instances([made.value.id])).toMatchObject([{ state: 'pending' }]);
  const nowhere = await ec2.runInstance({ ...launch, subnet: 'subnet-nowhere', token: 'other' });
  expect(nowhere).toMatchObject({ ok: false, code: 'InvalidSubnetID.NotFound' });
});

test('a target on one of the largest instances has room for a hundred sources', async () => {
  const instances = Array.from({ length: 12 }, (_, n) => ({ id: `i-${n}` }));
  const host = { id: 'i-host', type: 'm5.24xlarge' };
  const { ec2 } = await start({ ...MIRRORED, instances: [...instances, host], sessions: [] });
  for (const { id } of instances) {
    expect(await ec2.createSession(session({ interface: id.replace('i-', 'eni-') }))).toMatchObject({ ok: true });
  }
});

test('the limits of the account are those that a test sets', async () => {
  const { ec2 } = await start(MIRRORED, { sessionsPerAccount: 1, targetsPerAccount: 1 });
  expect(await ec2.createSession(session({ number: 2 }))).toMatchObject({ code: 'TrafficMirrorSessionLimitExceeded' });
  const target = { interface: 'eni-free', description: '', tags: {}, token: 'target' };
  expect(await ec2.createTarget(target)).toMatchObject({ code: 'InvalidTrafficMirrorTarget' });
});

test('faults are about an action, some parameters and a number of calls, until they are lifted', async () => {
  const { fake, ec2 } = await start(MIRRORED);
  const seen: string[] = [];
  fake.inject({
    ...{ action: 'CreateTags', error: 'Unavailable', times: 2, meanwhile: () => seen.push('at that moment') },
    when: (parameters) => parameters['ResourceId.1'] === 'tms-1',
  });
  const codes: string[] = [];
  for (const id of ['tmt-1', 'tms-1', 'tms-1', 'tms-1']) {
    const answer = await ec2.setTags(id, { a: '1' });
    codes.push(answer.ok ? 'ok' : answer.code);
  }
  expect(codes).toEqual(['ok', 'Unavailable', 'Unavailable', 'ok']);
  expect(seen).toHaveLength(2);
  fake.inject({ error: 'InternalError', times: Infinity });
  expect(await ec2.setTags('tms-1', {})).toMatchObject({ code: 'InternalError' });
  fake.lift();
  expect(await ec2.setTags('tms-1', { a: '2' })).toMatchObject({ ok: true });
  expect(fake.changes().map(({ answer }) => answer)).toEqual([...codes, 'InternalError', 'ok']);
});
