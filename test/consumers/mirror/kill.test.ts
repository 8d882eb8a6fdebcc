// `vpcflow mirror run` killed (SIGKILL) at each call that changes EC2, before the call and after it: started again and
// again it makes exactly the right sessions, targets and instances.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FakeEc2, startFakeEc2 } from '../../fakes/ec2-http/server.ts';
import { startMotoServer } from '../../moto-server.ts';
import type { Running } from '../../run-vpcflow.ts';
import { findingEvent, findingId, stateEvent } from './bridge-events.ts';
import { type CallProxy, startCallProxy } from './call-proxy.ts';
import { type MirrorBed, MirrorBeds } from './mirror-bed.ts';
import { motoAccount } from './moto-account.ts';

const HOUR = 3_600_000; // ms
const moto = await startMotoServer();

let beds: MirrorBeds;
beforeAll(async () => {
  beds = await MirrorBeds.start();
});
afterAll(async () => {
  await beds.stop();
  await moto?.stop();
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What a changing call has come to when its caller is killed. */
type Moment = 'before' | 'after';

/** Since when a target is empty: said or not, as the look of the minute falls before a session or after it. */
const ON_THE_WAY = /^(?:Create|Delete)Tags$/;

/**
 * Runs the consumer until `isDone`, and kills each of its lives at the first call of it that changes something: before
 * that reaches EC2, or after it has had its effect, as `moments` say in turn. The last life, which has nothing left to
 * change, is asked to end. Resolves to what was killed.
 */
const throughKills = async (
  bed: MirrorBed,
  proxy: CallProxy,
  moments: readonly Moment[],
  isDone: () => boolean | Promise<boolean>,
): Promise<readonly string[]> => {
  const killed: string[] = [];
  for (;;) {
    const moment = moments[killed.length % moments.length];
    let isDead = false;
    let running: Running | null = null;
    proxy.intervene = (action, when) => {
      if (isDead) return true; // it was under way when its caller died
      if (when !== moment || ON_THE_WAY.test(action)) return false;
      isDead = true;
      killed.push(`${when} ${action}`);
      running?.process.kill('SIGKILL');
      return true;
    };
    running = bed.start();
    const reads = proxy.reads;
    const isOver = async (): Promise<boolean> => proxy.reads > reads && (await bed.isRead()) && (await isDone());
    await bed.until(running, 'it is done or dead', async () => isDead || (await isOver()));
    running.process.kill('SIGTERM');
    const { status, stderr } = await running.ended;
    if (isDead) continue;
    expect(status, stderr).toBe(0);
    return killed;
  }
};

const both = (...actions: readonly string[]): readonly string[] =>
  actions.flatMap((action) => [`before ${action}`, `after ${action}`]);

describe('against EC2 with its limits', () => {
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

describe.skipIf(moto === null)('against an EC2 that forgets tokens, with other ids', () => {
  test('a finding, a launch, and the end of the finding', { timeout: 120_000 }, async () => {
    const { endpoint } = moto ?? { endpoint: '' };
    const account = await motoAccount(endpoint, 2);
    const proxy = await startCallProxy(endpoint);
    const bed = await beds.bed(proxy.endpoint, ['mode: apply', 'enable: { launches: true }', ...account.rules]);
    cleanups.push(
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
