// `vpcflow mirror run` killed (SIGKILL) at each call that changes EC2, before the call and after it: started again and
// again it makes exactly the right sessions, targets and instances.
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { findingEvent, findingId, stateEvent } from '../consumers/mirror/bridge-events.ts';
import { startCallProxy } from '../consumers/mirror/call-proxy.ts';
import { MirrorBeds } from '../consumers/mirror/mirror-bed.ts';
import { motoAccount } from '../consumers/mirror/moto-account.ts';
import { throughKills } from '../consumers/mirror/through-kills.ts';
import { type FakeEc2, startFakeEc2 } from '../fakes/ec2-http/server.ts';
import { startMotoServer } from '../moto-server.ts';
import { READY } from './bed.ts';

const HOUR = 3_600_000; // ms

const servers = inject('servers');

let beds: MirrorBeds;
beforeAll(async () => {
  if (typeof servers !== 'string') beds = await MirrorBeds.start(servers.kinesis);
});
afterAll(() => beds?.stop());

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const both = (...actions: readonly string[]): readonly string[] =>
  actions.flatMap((action) => [`before ${action}`, `after ${action}`]);

describe.skipIf(!READY)('against EC2 with its limits', () => {
  const account = (): Promise<FakeEc2> =>
    startFakeEc2({
      instances: [{ id: 'i-0a', vpc: 'vpc-0a', subnet: 'subnet-0a' }],
      filters: [{ id: 'tmf-0a' }],
    });
  const rules = [
    ...['mode: apply', 'vpcs:', '- vpcId: vpc-0a', '  filterId: tmf-0a', '  targetInstanceType: t3.micro'],
    ...['  targetInstanceAmi: ami-0a', '  targetSecurityGroupIds: [sg-0a]', '  targetSubnetId: subnet-0a'],
  ];

  test('a target instance, its target, a session and its end', { timeout: 180_000 }, async () => {
    const ec2 = await account();
    const proxy = await startCallProxy(ec2.endpoint);
    const bed = await beds.bed(proxy.endpoint, rules);
    cleanups.push(
      () => ec2.stop(),
      () => proxy.stop(),
      () => bed.close(),
    );
    const { instances, sessions, targets } = ec2.state;
    const now = Date.now();
    await bed.put(findingEvent({ id: 'a', instance: 'i-0a', at: now }));
    const made = await throughKills(bed, proxy, ['before', 'after'], () => sessions.size === 1);
    expect(made).toEqual(both('RunInstances', 'CreateTrafficMirrorTarget', 'CreateTrafficMirrorSession'));
    expect([instances.size, targets.size]).toEqual([2, 1]);
    const [session] = sessions.values();
    expect([session.interface, session.tags.get('vpcflow:finding')]).toEqual(['eni-0a', findingId('a')]);
    expect([...targets.keys()]).toEqual([session.target]);

    // Its time is over.
    session.tags.set('vpcflow:expires', new Date(now - HOUR).toISOString().replace(/\.\d+/, ''));
    const ended = await throughKills(bed, proxy, ['before', 'after'], () => sessions.size === 0);
    expect(ended).toEqual(both('DeleteTrafficMirrorSession'));
    expect([instances.size, targets.size]).toEqual([2, 1]);
  });
});

describe.skipIf(!READY)('against an EC2 that forgets tokens, with other ids', () => {
  test('a finding, a launch, and the end of the finding', { timeout: 120_000 }, async () => {
    // One of its own: the account of another test has sessions of its own.
    const moto = await startMotoServer();
    if (moto === null) return;
    const account = await motoAccount(moto.endpoint, 2);
    const proxy = await startCallProxy(moto.endpoint);
    const bed = await beds.bed(proxy.endpoint, ['mode: apply', 'enable: { launches: true }', ...account.rules]);
    cleanups.push(
      () => moto.stop(),
      async () => account.close(),
      () => proxy.stop(),
      () => bed.close(),
    );
    const [one, two] = account.instances;
    const now = Date.now();
    await bed.put(
      findingEvent({ id: 'one', instance: one.instance, on: one, at: now }),
      stateEvent(two.instance, 'running', now),
    );
    const sessions = async () => (await account.sessions()).map((session) => session.interface).sort();
    const made = await throughKills(bed, proxy, ['after'], async () => (await sessions()).length === 2);
    expect(made.length).toBeGreaterThan(0);
    expect(await sessions()).toEqual([one.interface, two.interface].sort());
    const expired = (await account.sessions()).find((session) => session.interface === one.interface);
    await account.tag(expired?.id ?? '', { 'vpcflow:expires': '2026-01-01T00:00:00Z' });
    await throughKills(bed, proxy, ['after'], async () => (await sessions()).length === 1);
    expect(await sessions()).toEqual([two.interface]);
  });
});
