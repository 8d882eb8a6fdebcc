// What EC2 says no with, and connections that break: what is tried again, what is answered, and what a read throws.
import { afterEach, describe, expect, test } from 'vitest';
import { openEc2Mirror } from '../../../../consumers/mirror/ec2/open.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { Ec2Mirror, NewSession } from '../../../../schemas/mirroring/account.ts';
import { type FakeEc2, startFakeEc2 } from '../../../fakes/ec2-http/server.ts';
import type { FakeSettings } from '../../../fakes/ec2-http/settings.ts';
import { until } from '../../../until.ts';

const WORLD = {
  instances: [{ id: 'i-1' }, { id: 'i-2' }, { id: 'i-host' }],
  targets: [{ id: 'tmt-1', interface: 'eni-host' }],
  filters: [{ id: 'tmf-1' }],
};
const SESSION: NewSession = {
  ...{ interface: 'eni-1', target: 'tmt-1', filter: 'tmf-1', number: 1, virtualNetworkId: null, packetLength: null },
  ...{ description: 'a test', tags: { 'vpcflow:managed': 'true' }, token: 'the-token' },
};
const PATIENCE = { attempts: 3, wait: 1 };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const bed = async (settings: Partial<FakeSettings> = {}): Promise<{ fake: FakeEc2; ec2: Ec2Mirror }> => {
  const fake = await startFakeEc2(WORLD, settings);
  const ec2 = openEc2Mirror({ region: fake.region, place: fake.place, patience: PATIENCE });
  closing.push(() => ec2.close(), fake.stop);
  return { fake, ec2 };
};
const answersOf = ({ calls }: FakeEc2, action: string): readonly string[] =>
  calls.filter((call) => call.action === action).map(({ answer }) => answer);

/** Of EC2's documentation and of what is seen on the wire. */
const CODES = [
  ...['TrafficMirrorSessionsPerInterfaceLimitExceeded', 'TrafficMirrorSourcesPerTargetLimitExceeded'],
  ...['TrafficMirrorSessionsPerTargetLimitExceeded', 'TrafficMirrorSessionLimitExceeded'],
  ...['TrafficMirrorTargetLimitExceeded', 'TrafficMirrorFilterLimitExceeded', 'TrafficMirrorFilterInUse'],
  ...['TrafficMirrorFilterRuleLimitExceeded', 'TrafficMirrorFilterRuleAlreadyExists'],
  ...['TrafficMirrorTargetInUseException', 'InterfaceInUseByTrafficMirrorSession'],
  ...['InterfaceInUseByTrafficMirrorTarget', 'NetworkInterfaceNotSupported'],
  ...['NlbInUseByTrafficMirrorTargetException', 'NetworkLoadBalancerNotFoundException'],
  ...['InvalidNetworkInterfaceID.NotFound', 'InvalidNetworkInterfaceID.Malformed', 'InvalidTrafficMirrorTarget'],
  ...['InvalidTrafficMirrorSessionId.NotFound', 'InvalidTrafficMirrorTargetId.NotFound'],
  ...['InvalidTrafficMirrorFilterId.NotFound', 'InvalidTrafficMirrorFilterRuleId.NotFound'],
  ...['InvalidTrafficMirrorSessionNotFound', 'InvalidTrafficMirrorTargetNoFound', 'InvalidParameterValue'],
  ...['MissingParameter', 'IdempotentParameterMismatch', 'UnauthorizedOperation', 'InvalidInstanceID.NotFound'],
];

describe('a change', () => {
  test('answers each code as EC2 says it, with its sentence, and is not made again', async () => {
    const { fake, ec2 } = await bed();
    for (const error of CODES) {
      fake.inject({ error, message: `no: ${error} & <more>` });
      const answer = await ec2.createSession(SESSION);
      expect(answer).toEqual({ ok: false, code: error, message: `no: ${error} & <more>` });
    }
    expect(answersOf(fake, 'CreateTrafficMirrorSession')).toEqual(CODES);
    expect(fake.state.sessions.size).toBe(0);
  });

  test('does not hand on what EC2 says of a wrong signature: that repeats what was signed', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ error: 'AuthFailure', message: 'The canonical string was …', times: Infinity });
    expect(await ec2.createSession(SESSION)).toEqual({ ok: false, code: 'AuthFailure', message: 'AuthFailure' });
  });

  test.each(['RequestLimitExceeded', 'Unavailable', 'InternalError'])('is tried again after %s', async (error) => {
    const { fake, ec2 } = await bed();
    fake.inject({ error, times: 2 });
    expect(await ec2.createSession(SESSION)).toMatchObject({ ok: true });
    expect(answersOf(fake, 'CreateTrafficMirrorSession')).toEqual([error, error, 'ok']);
  });

  test('is given up after its tries, with the code of the last', async () => {
    const { fake, ec2 } = await bed();
    const lift = fake.inject({ error: 'RequestLimitExceeded', times: Infinity });
    expect(await ec2.createSession(SESSION)).toMatchObject({ ok: false, code: 'RequestLimitExceeded' });
    expect(fake.calls).toHaveLength(PATIENCE.attempts);
    lift();
    expect(await ec2.createSession(SESSION)).toMatchObject({ ok: true });
  });

  test('whose answer is lost is made once: every try has the token', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ action: 'CreateTrafficMirrorSession', cut: 'after' });
    const answer = await ec2.createSession(SESSION);
    expect(answer).toMatchObject({ ok: true, value: { id: [...fake.state.sessions.keys()][0] } });
    expect(fake.state.sessions.size).toBe(1);
    const tokens = fake.calls.map(({ parameters }) => parameters.ClientToken);
    expect(tokens).toEqual([SESSION.token, SESSION.token]);
  });

  test('that is cut off before it is made, is made', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ cut: 'before', times: 2 });
    expect(await ec2.createSession(SESSION)).toMatchObject({ ok: true });
    expect(answersOf(fake, 'CreateTrafficMirrorSession')).toEqual(['cut', 'cut', 'ok']);
  });

  test('that nobody ever answers says how the connection fails', async () => {
    const { fake, ec2 } = await bed();
    await fake.stop();
    expect(await ec2.createSession(SESSION)).toMatchObject({ ok: false, code: 'ECONNREFUSED' });
  });

  test('that EC2 keeps waiting is tried again, and then given up', async () => {
    const { fake } = await bed();
    const patience = { attempts: 2, wait: 1, silence: 50 };
    const ec2 = openEc2Mirror({ region: fake.region, place: fake.place, patience });
    const never = Promise.withResolvers<void>();
    closing.push(() => [ec2.close(), never.resolve()]);
    fake.inject({ times: Infinity, meanwhile: () => never.promise });
    expect(await ec2.createSession(SESSION)).toMatchObject({ ok: false, code: 'TimeoutError' });
    expect(fake.calls).toHaveLength(2);
    await expect(ec2.targets()).rejects.toMatchObject({ code: 'VF_SERVICE' });
  });

  test('of a deletion whose answer is lost is done, though it is not found the second time', async () => {
    const { fake, ec2 } = await bed();
    await ec2.createSession(SESSION);
    fake.inject({ action: 'DeleteTrafficMirrorSession', cut: 'after' });
    expect(await ec2.deleteSession([...fake.state.sessions.keys()][0]!)).toEqual({ ok: true, value: null });
    expect(answersOf(fake, 'DeleteTrafficMirrorSession')).toEqual(['cut', 'InvalidTrafficMirrorSessionId.NotFound']);
  });

  test.each(['InvalidTrafficMirrorSessionNotFound', 'InvalidTrafficMirrorSessionId.NotFound'])(
    'of a deletion is done where EC2 says %s',
    async (error) => {
      const { fake, ec2 } = await bed();
      fake.inject({ error });
      expect(await ec2.deleteSession('tms-1')).toEqual({ ok: true, value: null });
    },
  );

  test('of a deletion that is not permitted is refused', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ error: 'UnauthorizedOperation', times: Infinity });
    for (const answer of [ec2.deleteSession('tms-1'), ec2.deleteTarget('tmt-1'), ec2.terminateInstance('i-1')]) {
      expect(await answer).toMatchObject({ ok: false, code: 'UnauthorizedOperation' });
    }
  });
});

describe('a launch', () => {
  test('asks for one instance whose metadata needs a session token, and leaves its addresses to the subnet', async () => {
    const { fake, ec2 } = await bed();
    const instance = { instanceType: 'm5.large', image: 'ami-1', securityGroups: ['sg-1', 'sg-2'], subnet: 'subnet-a' };
    await ec2.runInstance({ ...instance, tags: { a: '1' }, token: 'launch' });
    expect(fake.calls[0]).toEqual({
      action: 'RunInstances',
      answer: 'ok',
      parameters: {
        ...{ Version: '2016-11-15', MinCount: '1', MaxCount: '1', ImageId: 'ami-1', InstanceType: 'm5.large' },
        ...{ 'SecurityGroupId.1': 'sg-1', 'SecurityGroupId.2': 'sg-2', SubnetId: 'subnet-a', ClientToken: 'launch' },
        ...{ 'MetadataOptions.HttpTokens': 'required', 'TagSpecification.1.ResourceType': 'instance' },
        ...{ 'TagSpecification.1.Tag.1.Key': 'a', 'TagSpecification.1.Tag.1.Value': '1' },
      },
    });
  });
});

describe('a read', () => {
  test('is tried again, page by page', async () => {
    const { fake, ec2 } = await bed({ page: 1 });
    for (const number of [1, 2, 3]) await ec2.createSession({ ...SESSION, number, token: `t-${number}` });
    fake.inject({
      ...{ action: 'DescribeTrafficMirrorSessions', error: 'RequestLimitExceeded' },
      when: ({ NextToken }) => NextToken !== undefined,
    });
    expect((await ec2.sessions()).map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(answersOf(fake, 'DescribeTrafficMirrorSessions')).toEqual(['ok', 'RequestLimitExceeded', 'ok', 'ok']);
  });

  test('that is not permitted names the action, the region, and what to allow', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ error: 'UnauthorizedOperation', message: 'You are not authorized.', times: Infinity });
    const error = await ec2.sessions().catch((thrown: unknown) => thrown);
    if (!(error instanceof VpcflowError)) throw error;
    expect(error.code).toBe('VF_SERVICE');
    expect(error.message).toContain('ec2:DescribeTrafficMirrorSessions in us-east-1 fails: UnauthorizedOperation');
    expect(error.help).toBe('allow the action ec2:DescribeTrafficMirrorSessions');
  });

  test('that stays refused is VF_SERVICE with EC2’s code', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ error: 'RequestLimitExceeded', times: Infinity });
    const expected = { code: 'VF_SERVICE', message: expect.stringContaining('RequestLimitExceeded') };
    for (const read of [ec2.targets(), ec2.filters(), ec2.instances(['i-1']), ec2.instancePage(null), ec2.account()]) {
      await expect(read).rejects.toMatchObject(expected);
    }
  });

  test('of the account is asked again after a failure, and not after an answer', async () => {
    const { fake, ec2 } = await bed();
    fake.inject({ error: 'AccessDenied', status: 403 });
    await expect(ec2.account()).rejects.toMatchObject({ code: 'VF_SERVICE' });
    expect([await ec2.account(), await ec2.account()]).toEqual([fake.account, fake.account]);
    expect(answersOf(fake, 'GetCallerIdentity')).toEqual(['AccessDenied', 'ok']);
  });

  test('leaves out an id that is no id, and describes the others', async () => {
    const { fake, ec2 } = await bed();
    expect((await ec2.instances(['i-1', 'no id', 'i-2'])).map(({ id }) => id)).toEqual(['i-1', 'i-2']);
    expect((await ec2.interfaces(['eni-1', 'eni-?'])).map(({ id }) => id)).toEqual(['eni-1']);
    expect(answersOf(fake, 'DescribeInstances')).toEqual(['InvalidInstanceID.Malformed', 'ok']);
  });

  test('by id asks for at most 200, and for each once', async () => {
    const { fake, ec2 } = await bed();
    await ec2.instances(Array.from({ length: 401 }, (_, n) => `i-${n % 201}`));
    const asked = fake.calls.map(
      ({ parameters }) => Object.keys(parameters).filter((key) => /^(I|F)/.test(key)).length,
    );
    expect(asked).toEqual([200, 201, 1, 2]); // by id, by filter with its name, and the last
  });

  test('may lag behind a change, and then sees it', async () => {
    const { fake, ec2 } = await bed({ lag: 2 });
    await ec2.createSession(SESSION);
    expect([await ec2.sessions(), await ec2.sessions()]).toEqual([[], []]);
    expect(await ec2.sessions()).toHaveLength(1);
    expect(fake.state.sessions.size).toBe(1);
  });

  test('gives addresses in their canonical form', async () => {
    const { fake, ec2 } = await bed();
    const addresses = ['10.0.0.5', '10.0.0.6', '2001:0DB8:0000:0000:0000:0000:0000:0001'];
    fake.state.interfaces.set('eni-1', { ...fake.state.interfaces.get('eni-1')!, addresses });
    const expected = ['10.0.0.5', '10.0.0.6', '2001:db8::1'];
    expect((await ec2.interfaces(['eni-1']))[0]!.addresses).toEqual(expected);
    expect((await ec2.instances(['i-1']))[0]!.interfaces[0]!.addresses).toEqual(expected);
  });

  test('of interfaces tells those of nobody, of services, and of other kinds', async () => {
    const { fake, ec2 } = await bed();
    const free = { ...fake.state.interfaces.get('eni-1')!, id: 'eni-free', instance: null, deviceIndex: null };
    fake.state.interfaces.set('eni-free', { ...free, kind: 'lambda', requesterManaged: true });
    expect(await ec2.interfaces(['eni-free'])).toMatchObject([
      { instance: null, deviceIndex: null, kind: 'lambda', requesterManaged: true, zone: 'us-east-1a' },
    ]);
  });
});

describe('a signal', () => {
  test('ends what is under way with its reason, reads and changes alike, also between two tries', async () => {
    const fake = await startFakeEc2(WORLD);
    const end = new AbortController();
    const patience = { attempts: 5, wait: 3_600_000 };
    const ec2 = openEc2Mirror({ region: fake.region, place: fake.place, patience, signal: end.signal });
    closing.push(() => ec2.close(), fake.stop);
    const never = Promise.withResolvers<void>();
    closing.push(() => never.resolve());
    fake.inject({ action: 'DescribeTrafficMirrorSessions', meanwhile: () => never.promise });
    fake.inject({ action: 'CreateTrafficMirrorSession', error: 'RequestLimitExceeded', times: Infinity });
    const read = ec2.sessions();
    const change = ec2.createSession(SESSION);
    const outcomes = Promise.allSettled([read, change]);
    await until('both were called', () => fake.calls.length >= 2);
    const reason = new Error('the consumer stops');
    end.abort(reason);
    expect(await outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await expect(ec2.deleteSession('tms-1')).rejects.toBe(reason);
    await expect(ec2.account()).rejects.toBe(reason);
  });
});
