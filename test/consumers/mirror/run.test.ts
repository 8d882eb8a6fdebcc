// `vpcflow mirror`: what is wrong is said before anything begins; in plan mode nothing of the account is changed.
import { readdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FakeEc2, startFakeEc2 } from '../../fakes/ec2-http/server.ts';
import { runHere } from '../../run-here.ts';
import { findingEvent, findingId } from './bridge-events.ts';
import { type MirrorBed, MirrorBeds } from './mirror-bed.ts';

let beds: MirrorBeds;
let ec2: FakeEc2;
beforeAll(async () => {
  beds = await MirrorBeds.start();
  ec2 = await startFakeEc2({
    instances: [{ id: 'i-0a' }],
    targets: [{ id: 'tmt-0a', kind: 'network-load-balancer' }],
    filters: [{ id: 'tmf-0a' }],
  });
});
afterAll(async () => {
  await ec2.stop();
  await beds.stop();
});

const open: MirrorBed[] = [];
afterEach(async () => {
  for (const bed of open.splice(0)) await bed.close();
});
const bedOf = async (...rules: readonly string[]): Promise<MirrorBed> => {
  const bed = await beds.bed(ec2.endpoint, rules);
  open.push(bed);
  return bed;
};

const RULES = ['vpcs:', '- vpcId: vpc-1', '  filterId: tmf-0a', '  targetId: tmt-0a'];

describe('wrong usage', () => {
  test.each([
    [['loop'], /mirror knows run, backfill, plan, sessions, release, not "loop"/],
    [['sessions', 'tms-1'], /mirror sessions takes nothing after it, not "tms-1"/],
    [['run'], /--stream is missing/],
    [['run', '--stream', 's', '--finding', 'f'], /--finding is an option of mirror sessions\|release/],
    [['backfill', '--enable', 'everything'], /--enable needs existing, launches and findings, separated by commas/],
  ])('%j', async (args, said) => {
    const { status, stderr } = await runHere(['mirror', ...args]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(said)]);
  });
});

describe('run does not begin', () => {
  const refused = async (bed: MirrorBed) => {
    const { status, stderr } = await runHere(bed.arguments, bed.environment);
    const written = await readdir(bed.store).catch(() => []);
    return { status, written, stderr };
  };

  test('with a rule that is wrong, nor without a mode', async () => {
    const { status, written, stderr } = await refused(await bedOf(...RULES, '  ttl: soon'));
    expect([status, written]).toEqual([2, []]);
    expect(stderr).toMatch(
      /yaml:1:1: mode is missing: [^\n]*\n[^\n]*yaml:5:\d+: vpcs\[0\]\.ttl is "soon"(?:.*\n)*.*\(VF_RULES\)\n$/,
    );
  });

  test('with a filter or a target that is not there', async () => {
    const rules = [
      'mode: apply',
      ...RULES,
      'subnets:',
      '- subnetId: subnet-1',
      '  filterId: tmf-0b',
      '  targetId: tmt-0b',
    ];
    const { status, written, stderr } = await refused(await bedOf(...rules));
    expect([status, written]).toEqual([2, []]);
    expect(stderr).toMatch(
      /yaml:7: subnets\[0\]: there is no filter tmf-0b in us-east-1\n.*yaml:7: subnets\[0\]: there is no target tmt-0b in us-east-1\ncorrect the rule file.* \(VF_RULES\)\n$/,
    );
    expect(ec2.changes()).toEqual([]);
  });

  test('where EC2 does not permit to look', async () => {
    const lift = ec2.inject({
      action: 'DescribeTrafficMirrorFilters',
      error: 'UnauthorizedOperation',
      times: Infinity,
    });
    const { status, written, stderr } = await refused(await bedOf('mode: plan', ...RULES));
    lift();
    expect([status, written]).toEqual([1, []]);
    expect(stderr).toMatch(/ec2:DescribeTrafficMirrorFilters.*\(VF_SERVICE\)\n$/);
  });
});

test('plan mode keeps sessions that nobody has made', { timeout: 60_000 }, async () => {
  const bed = await bedOf('mode: plan', ...RULES);
  await bed.put(findingEvent({ id: 'a', instance: 'i-0a', at: Date.now() }));
  const running = bed.start();
  await bed.until(running, 'the event is read', () => bed.isRead());
  const { stderr } = await bed.stop(running);
  expect(stderr).toMatch(/nothing is changed in EC2; audit in /);
  expect([ec2.changes(), ec2.state.sessions.size]).toEqual([[], 0]);
  const { stdout } = await bed.act('sessions', '--instance', 'i-0a', '--format', 'json');
  const planned = { mode: 'plan', interface_id: 'eni-0a', finding_id: findingId('a'), state: 'active' };
  expect(JSON.parse(stdout).sessions).toEqual([expect.objectContaining(planned)]);
});
