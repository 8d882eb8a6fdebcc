// The doctor with a rule file: what is wrong with it, and what EC2 permits of what its rules need.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeEc2, startFakeEc2 } from '../../fakes/ec2-http/server.ts';
import { runVpcflow } from '../../run-vpcflow.ts';

let directory: string;
let ec2: FakeEc2;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-doctor-mirroring-'));
  ec2 = await startFakeEc2({ filters: [{ id: 'tmf-0a' }], targets: [{ id: 'tmt-0a' }] });
});
afterAll(async () => {
  await ec2.stop();
  await rm(directory, { recursive: true });
});

const doctor = async (lines: readonly string[], ...more: readonly string[]): Promise<[number | null, string]> => {
  const config = join(directory, 'us-east-1.yaml');
  await writeFile(config, `${lines.join('\n')}\n`);
  const args = ['doctor', '--store', directory, '--config', config, ...more];
  const { status, stdout } = await runVpcflow(args, ec2.environment);
  return [status, stdout];
};

const RULES = ['vpcs:', '- vpcId: vpc-1', '  filterId: tmf-0a', '  targetId: tmt-0a'];

test('names what the rules lack', async () => {
  const [status, said] = await doctor([...RULES, '  ttl: soon']);
  expect(said).toMatch(/\nFIX {3}rules .*yaml:1:1: mode is missing/);
  expect(said).toMatch(/\nFIX {3}rules .*yaml:5:\d+: vpcs\[0\]\.ttl is "soon"/);
  expect(said).not.toContain('problems'); // each is a finding
  expect(status).toBe(1);
  const [, doubts] = await doctor([...RULES, '  targetInstanceType: c5.large'], '--mode', 'plan');
  expect(doubts).toMatch(
    /\nwarn {2}rules .*us-east-1\.yaml:5:3: vpcs\[0\] has a target: targetInstanceType is not used/,
  );
});

test('tells what is permitted, denied and not to be known, and changes nothing', async () => {
  const lift = ec2.inject({ action: 'DeleteTrafficMirrorSession', error: 'UnauthorizedOperation', times: Infinity });
  const [status, said] = await doctor(RULES, '--mode', 'apply');
  lift();
  expect(said).toMatch(/\nok {4}rules .*us-east-1\.yaml, mode apply: 1 rule for us-east-1\n/);
  expect(said).toMatch(/\nok {4}mirroring +us-east-1 permits ec2:DescribeTrafficMirrorSessions, /);
  expect(said).toMatch(/\nFIX {3}mirroring +us-east-1 does not permit ec2:DeleteTrafficMirrorSession: allow it/);
  expect(said).toContain('"ec2:DeleteTrafficMirrorSession"'); // in the policy
  expect(said).not.toContain('RunInstances'); // no rule needs it
  expect(status).toBe(1);
  expect(ec2.changes().filter(({ answer }) => answer === 'ok')).toEqual([]);

  const [planned, reads] = await doctor(RULES, '--mode', 'plan');
  expect(reads).not.toContain('ec2:CreateTrafficMirrorSession');
  expect(planned, reads).toBe(0);
});
