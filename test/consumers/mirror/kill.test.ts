// `vpcflow mirror run` killed (SIGKILL) before EC2 makes a session, and when it has made it: there is one. At each other
// call: test/kcl/mirror-kills.kcl.ts; between any two steps of a worker: work-kill.test.ts.
import { expect, test } from 'vitest';
import { startFakeEc2 } from '../../fakes/ec2-http/server.ts';
import { findingEvent, findingId } from './bridge-events.ts';
import { startCallProxy } from './call-proxy.ts';
import { MirrorBeds } from './mirror-bed.ts';
import { throughKills } from './through-kills.ts';

test('killed twice on the way to a session: there is one', { timeout: 120_000 }, async ({ onTestFinished }) => {
  const beds = await MirrorBeds.start();
  onTestFinished(() => beds.stop());
  const ec2 = await startFakeEc2({
    instances: [{ id: 'i-0a' }],
    targets: [{ id: 'tmt-0a', kind: 'network-load-balancer' }],
    filters: [{ id: 'tmf-0a' }],
  });
  onTestFinished(() => ec2.stop());
  const proxy = await startCallProxy(ec2.endpoint);
  onTestFinished(() => proxy.stop());
  const rules = ['mode: apply', 'vpcs:', '- vpcId: vpc-1', '  filterId: tmf-0a', '  targetId: tmt-0a'];
  const bed = await beds.bed(proxy.endpoint, rules);
  onTestFinished(() => bed.close());

  await bed.put(findingEvent({ id: 'a', instance: 'i-0a', at: Date.now() }));
  const { sessions } = ec2.state;
  const killed = await throughKills(bed, proxy, ['before', 'after'], () => sessions.size > 0);
  expect(killed).toEqual(['before CreateTrafficMirrorSession', 'after CreateTrafficMirrorSession']);
  const [session, ...others] = sessions.values();
  expect([session?.interface, session?.tags.get('vpcflow:finding'), others]).toEqual(['eni-0a', findingId('a'), []]);
});
