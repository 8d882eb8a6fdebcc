// `vpcflow mirror backfill` as it is run, against EC2's wire format: what it prints, what it makes, and how it goes on.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CommandBed, worldOf } from './command-bed.ts';

let bed: CommandBed;
afterEach(() => bed.close());

const CREATE = 'CreateTrafficMirrorSession';
const sources = (): readonly string[] =>
  [...bed.ec2.state.sessions.values()].map((session) => session.interface).sort();

describe('backfill', () => {
  test('prints the plan, mirrors 120 instances page by page, and has nothing left to do', async () => {
    bed = await CommandBed.open(worldOf(120), { page: 50 });
    const { status, stdout, stderr } = await bed.run(['backfill']);
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        'us-east-1: 120 instances',
        '  create      120  wanted: a rule matches',
        '  120 sessions by vpcs[0]',
        '120 sessions more: 1.800 USD an hour at 0.015 each, and data transfer',
        '',
      ].join('\n'),
    );
    expect(stderr).toBe('120 sessions made for 120 instances\n');
    expect(sources()).toEqual(Array.from({ length: 120 }, (_, n) => `eni-${n + 1}`).sort());
    expect(bed.ec2.state.sessions.values().next().value?.tags.get('vpcflow:cause')).toBe('existing');

    const again = await bed.run(['backfill'], { given: { 'dry-run': true } });
    expect(again.stdout).toContain('  keep        120  already: the session is there\nno session more\n');
    expect(bed.calls(CREATE)).toBe(120);
  }, 60_000);

  test('goes on where it was interrupted', async () => {
    bed = await CommandBed.open(worldOf(60), { page: 20 });
    const interruption = new AbortController();
    const made = () => bed.calls(CREATE);
    bed.ec2.inject({ action: CREATE, times: Infinity, meanwhile: () => made() === 30 && interruption.abort() });
    const { status, stderr } = await bed.run(['backfill'], { signal: interruption.signal });
    expect(status).toBe(1);
    expect(stderr).toContain('30 sessions made for 30 instances\n');
    expect(stderr).toContain('vpcflow: interrupted; run it again to go on where it stopped');
    expect(bed.ec2.state.sessions.size).toBe(30);
    bed.ec2.lift();
    const { stdout, ...rest } = await bed.run(['backfill']);
    expect(stdout).toContain('  create       30  wanted');
    expect(stdout).toContain('  keep         30  already');
    expect(rest).toEqual({
      status: 0,
      stderr: '30 sessions made for 60 instances\n  keep         30  already: the session is there\n',
    });
    expect((await bed.run(['backfill'])).stderr).toBe(
      '0 sessions made for 60 instances\n  keep         60  already: the session is there\n',
    );
    expect([sources().length, new Set(sources()).size, made()]).toEqual([60, 60, 60]);
  });

  test('starts a target instance where the rules say so, and goes on each time that it is run', async () => {
    bed = await CommandBed.open({ ...worldOf(3), instances: [{ id: 'i-1' }, { id: 'i-2' }, { id: 'i-3' }] });
    bed.ec2.settings.startsAfter = 8;
    const target = 'targetInstanceType: m5.large, targetInstanceAmi: ami-9, targetSecurityGroupIds: [sg-1]';
    await bed.rules(`vpcs: [{vpcId: vpc-1, filterId: tmf-1, ${target}}]`);
    const first = await bed.run(['backfill']);
    expect(first.status).toBe(0);
    expect(first.stdout).toContain('no session more; 1 target instance at its own price');
    expect(first.stderr).toMatch(
      /^ {2}wait +3 {2}target_starting: .*\nwhat waits is asked for again by `vpcflow mirror run`/m,
    );
    for (const instance of bed.ec2.state.instances.values()) instance.state = 'running';
    const second = await bed.run(['backfill']);
    expect(second.stderr).toContain('3 sessions made for 4 instances');
    expect([bed.calls('RunInstances'), bed.calls('CreateTrafficMirrorTarget'), sources()]).toEqual([
      ...[1, 1],
      ['eni-1', 'eni-2', 'eni-3'],
    ]);
  });

  test('changes nothing in a dry run, and nothing in EC2 in plan mode, in which it remembers', async () => {
    bed = await CommandBed.open(worldOf(3));
    const dry = await bed.run(['backfill'], { given: { 'dry-run': true } });
    expect([dry.status, dry.stderr]).toEqual([0, '']);
    expect(dry.stdout).toContain('3 sessions more');
    expect(existsSync(join(bed.directory, 'store'))).toBe(false);
    const planned = await bed.run(['backfill'], { given: { mode: 'plan' } });
    expect([planned.status, planned.stderr]).toEqual([0, '3 sessions planned for 3 instances\n']);
    const again = await bed.run(['backfill'], { given: { mode: 'plan' } });
    expect(again.stderr).toContain('keep          3  already');
    const released = await bed.run(['release'], { given: { all: true, mode: 'plan' } });
    expect(released.stdout.match(/^released \(planned\) tms-[0-9a-f]{17} of eni-[123] \(existing\)$/gm)).toHaveLength(
      3,
    );
    expect(bed.ec2.changes()).toEqual([]);
    const rows = await bed.audit();
    expect(new Set(rows.map(({ mode }) => mode))).toEqual(new Set(['plan']));
  });

  test('interrupted in the middle of a page, says what it made', async () => {
    bed = await CommandBed.open(worldOf(40));
    const interruption = new AbortController();
    const meanwhile = (): void => {
      if (bed.calls(CREATE) === 8) interruption.abort();
    };
    bed.ec2.inject({ action: CREATE, times: Infinity, meanwhile });
    const { status, stderr } = await bed.run(['backfill'], { signal: interruption.signal });
    expect([status, bed.ec2.state.sessions.size]).toEqual([1, 8]);
    expect(stderr).toMatch(/^8 sessions made for 8 instances\nvpcflow: interrupted; /);
  });

  test('shows how far it is on a terminal, within a page too', async () => {
    bed = await CommandBed.open(worldOf(12));
    const { stderr } = await bed.run(['backfill'], { terminal: true });
    expect(stderr).toContain('12 sessions made for 12 instances\n');
    expect(stderr).toMatch(/ \d+ of 12 instances \| \d+ sessions? made/);
  });
});

describe('what cannot be mirrored', () => {
  test('is counted by its reason; nothing of it is the reader’s to put right', async () => {
    const world = worldOf(13);
    bed = await CommandBed.open({
      ...world,
      instances: [...world.instances!, { id: 'i-old', type: 't2.micro' }, { id: 'i-off', vpc: 'vpc-2', subnet: 's' }],
    });
    await bed.rules('vpcs: [{vpcId: vpc-1, filterId: tmf-1, targetId: tmt-eni}]');
    const { status, stderr } = await bed.run(['backfill']);
    expect(status).toBe(0);
    expect(stderr.split('\n')).toEqual([
      '10 sessions made for 15 instances',
      expect.stringMatching(/^ {2}(wait|refuse) +3 {2}targets_full: /),
      expect.stringMatching(/^ {2}refuse +1 {2}family: /),
      expect.stringMatching(/^ {2}refuse +1 {2}no_rule: /),
      '',
    ]);
  });

  test('for a reason that is the reader’s to put right ends with status 1, and says it', async () => {
    bed = await CommandBed.open(worldOf(3));
    await bed.rules('vpcs: [{vpcId: vpc-1, filterId: tmf-9, targetId: tmt-nlb}]');
    const filter = await bed.run(['backfill']);
    expect(filter.status).toBe(1);
    expect(filter.stderr).toMatch(/^vpcflow: filter_missing: .*tmf-9.*; and 2 more$/m);
    await bed.rules('vpcs: [{vpcId: vpc-1, filterId: tmf-1, targetId: tmt-9}]');
    const target = await bed.run(['backfill']);
    expect(target.status).toBe(1);
    expect(target.stderr).toMatch(/^vpcflow: target_missing: .*tmt-9.*; and 2 more$/m);
    await bed.rules('vpcs: [{vpcId: vpc-1, filterId: tmf-1, targetId: tmt-nlb}]');
    bed.ec2.inject({ action: CREATE, error: 'UnauthorizedOperation', times: Infinity });
    const denied = await bed.run(['backfill']);
    expect(denied.status).toBe(1);
    expect(denied.stderr).toMatch(/^0 sessions made for 3 instances$/m);
    expect(denied.stderr).toMatch(
      /^vpcflow: denied: UnauthorizedOperation: ec2:CreateTrafficMirrorSession is not permitted, allow it \([^;]*\); and 2 more$/m,
    );
  });

  test('is everything, where the rules do not say that instances that run already are to be', async () => {
    bed = await CommandBed.open(worldOf(1));
    const backfill = bed.run(['backfill'], { given: { enable: 'findings' } });
    await expect(backfill).rejects.toMatchObject({
      code: 'VF_USAGE',
      help: expect.stringContaining('--enable existing'),
    });
    await expect(bed.run(['backfill', 'i-1'])).rejects.toMatchObject({ code: 'VF_USAGE' });
    expect(bed.ec2.calls).toEqual([]);
    bed.ec2.state.instances.get('i-1')!.state = 'stopped';
    expect((await bed.run(['backfill'])).stdout).toBe('no instance runs\n');
  });
});
