// The two scenarios that the AWS sample for traffic mirroring describes, with rule files as it has them: nothing but its
// keys, the region in the file's name, what is enabled and the mode on the command line.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type FakeEc2, startFakeEc2 } from '../../fakes/ec2-http/server.ts';
import { findingEvent, findingId, stateEvent } from './bridge-events.ts';
import { type MirrorBed, MirrorBeds } from './mirror-bed.ts';

let beds: MirrorBeds;
beforeAll(async () => {
  beds = await MirrorBeds.start();
});
afterAll(() => beds.stop());

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const bedFor = async (ec2: FakeEc2, rules: readonly string[]): Promise<MirrorBed> => {
  const bed = await beds.bed(ec2.endpoint, rules);
  cleanups.push(
    () => ec2.stop(),
    () => bed.close(),
  );
  return bed;
};

/** Interface, cause or finding, and target of each session. */
const sessionsOf = ({ state }: FakeEc2): readonly (readonly (string | undefined)[])[] =>
  [...state.sessions.values()]
    .map((one) => [one.interface, one.tags.get('vpcflow:finding') ?? one.tags.get('vpcflow:cause'), one.target])
    .sort();

test('I: instances with a tag, those there are and those that come, to a load balancer', {
  timeout: 60_000,
}, async () => {
  const wanted = { capture: 'yes' };
  const ec2 = await startFakeEc2({
    instances: [
      { id: 'i-0a1', tags: wanted },
      { id: 'i-0a2', tags: { capture: 'no' } },
      { id: 'i-0a3', tags: wanted, interfaces: [{ id: 'eni-0a30' }, { id: 'eni-0a31' }] },
      { id: 'i-0a4', tags: wanted, state: 'stopped' },
    ],
    targets: [{ id: 'tmt-0aa0aa', kind: 'network-load-balancer' }],
    filters: [{ id: 'tmf-0aa0aa' }],
  });
  const bed = await bedFor(ec2, [
    ...['---', 'tags:', '- tagList:', '  - Key: capture', '    Value: yes'],
    ...['  filterId: tmf-0aa0aa', '  targetId: tmt-0aa0aa'],
  ]);
  const given = ['--config', bed.config, '--mode', 'apply', '--enable', 'existing,launches'];
  const { status, stderr } = await bed.act('backfill', ...given);
  expect(status, stderr).toBe(0);
  const backfilled = [
    ['eni-0a1', 'existing', 'tmt-0aa0aa'],
    ['eni-0a30', 'existing', 'tmt-0aa0aa'],
  ];
  expect(sessionsOf(ec2)).toEqual(backfilled);

  // The stopped one is started, and so is one that nobody wants.
  for (const id of ['i-0a4', 'i-0a2']) {
    const instance = ec2.state.instances.get(id);
    if (instance !== undefined) instance.state = 'running';
    await bed.put(stateEvent(id, 'running', Date.now()));
  }
  const running = bed.start(...given.slice(2));
  await bed.until(running, 'the events are read', () => bed.isRead());
  await bed.stop(running);
  expect(sessionsOf(ec2)).toEqual([...backfilled, ['eni-0a4', 'launch', 'tmt-0aa0aa']]);
});

test('II: findings of a subnet and of a VPC, whose targets are made', { timeout: 120_000 }, async () => {
  const ec2 = await startFakeEc2({
    instances: [
      { id: 'i-0b1', vpc: 'vpc-0bb', subnet: 'subnet-0b1' },
      { id: 'i-0b2', vpc: 'vpc-0bb', subnet: 'subnet-0b2' },
      { id: 'i-0b3', vpc: 'vpc-0cc', subnet: 'subnet-0c1' },
    ],
    targets: [{ id: 'tmt-0bb0bb', kind: 'network-load-balancer' }],
    filters: [{ id: 'tmf-0bb0bb' }],
  });
  ec2.settings.subnets.set('subnet-0b9', { vpc: 'vpc-0bb', zone: 'us-east-1b' });
  ec2.settings.startsAfter = 0; // a launched instance runs when it is asked for the first time
  const bed = await bedFor(ec2, [
    ...['subnets:', '- subnetId: subnet-0b1', '  filterId: tmf-0bb0bb', '  targetId: tmt-0bb0bb', '  '],
    ...['vpcs:', '- vpcId: vpc-0bb', '  filterId: tmf-0bb0bb', '  targetInstanceType: t3.micro'],
    ...['  targetInstanceAmi: ami-0bb0bb', '  targetSecurityGroupIds:', '  - sg-0b1', '  - sg-0b2'],
    '  targetSubnetId: subnet-0b9',
  ]);
  const at = Date.now();
  await bed.put(
    findingEvent({ id: 'one', instance: 'i-0b1', at }),
    findingEvent({ id: 'two', instance: 'i-0b2', at }),
    findingEvent({ id: 'three', instance: 'i-0b3', at }), // in another VPC
  );
  const running = bed.start('--mode', 'apply', '--enable', 'findings');
  await bed.until(running, 'two sessions', () => ec2.state.sessions.size === 2);
  await bed.until(running, 'the events are read', () => bed.isRead());
  await bed.stop(running);
  const [made, ...others] = [...ec2.state.instances.values()].filter(({ id }) => !id.startsWith('i-0b'));
  expect(others).toEqual([]);
  expect(made).toMatchObject({ type: 't3.micro', image: 'ami-0bb0bb', subnet: 'subnet-0b9' });
  expect(made.tags.get('vpcflow:managed')).toBe('true');
  const target = [...ec2.state.targets.values()].find(({ id }) => id !== 'tmt-0bb0bb');
  expect(ec2.state.interfaces.get(target?.interface ?? '')?.instance).toBe(made.id);
  expect(sessionsOf(ec2)).toEqual([
    ['eni-0b1', findingId('one'), 'tmt-0bb0bb'],
    ['eni-0b2', findingId('two'), target?.id],
  ]);
  const launched = ec2.calls.find(({ action }) => action === 'RunInstances');
  expect(Object.entries(launched?.parameters ?? {}).filter(([name]) => name.includes('SecurityGroup'))).toHaveLength(2);

  // Which packets are there: by the audit alone.
  const { stdout } = await bed.act('sessions', '--finding', findingId('two'), '--format', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ sessions: [{ interface_id: 'eni-0b2', target_id: target?.id }] });
});
