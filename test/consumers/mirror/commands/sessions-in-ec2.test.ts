// `vpcflow mirror sessions --config`: the audit as it is, and on stderr how EC2 differs from it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandBed, worldOf } from './command-bed.ts';

let bed: CommandBed;
beforeEach(async () => {
  bed = await CommandBed.open({
    ...worldOf(2),
    interfaces: [{ id: 'eni-host' }, { id: 'eni-9' }],
    sessions: [{ id: 'tms-tap', interface: 'eni-9', target: 'tmt-nlb', tags: { Name: 'tap' } }],
  });
});
afterEach(() => bed.close());

test('names what somebody deleted, and what is not ours', async () => {
  expect((await bed.run(['backfill'])).status).toBe(0);
  const ours = [...bed.ec2.state.sessions.values()].filter(({ id }) => id !== 'tms-tap');
  const [one] = ours.filter((session) => session.interface === 'eni-1');
  expect(ours).toHaveLength(2);
  bed.ec2.state.sessions.delete(one!.id);
  const { status, stdout, stderr } = await bed.run(['sessions']);
  expect(status).toBe(0);
  expect(stdout).toContain('2 sessions, 2 of them active');
  expect(stderr.trimEnd().split('\n')).toEqual([
    `vpcflow: ${one!.id} of eni-1 is not in us-east-1 any more: somebody deleted it, or EC2 did with its interface`,
    'vpcflow: tms-tap of eni-9 to tmt-nlb in us-east-1 is not ours',
  ]);
  expect((await bed.run(['sessions'], { given: { interface: 'eni-2' } })).stderr).toBe('');
});
