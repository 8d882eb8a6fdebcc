// `vpcflow mirror release` as it is run: which sessions end, which are left alone, and what the audit has of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeWorld, REGION } from '../../../fakes/ec2-http/world.ts';
import { CommandBed, RULES, worldOf } from './command-bed.ts';

const tags = (more: Readonly<Record<string, string>>) => ({
  ...{ 'vpcflow:managed': 'true', 'vpcflow:rule': 'vpcs[0]', 'vpcflow:cause': 'finding', ...more },
});

const WORLD: FakeWorld = {
  ...worldOf(3),
  sessions: [
    { id: 'tms-1', interface: 'eni-1', target: 'tmt-nlb', tags: tags({ 'vpcflow:finding': 'f1' }) },
    { id: 'tms-2', interface: 'eni-2', target: 'tmt-nlb', tags: tags({ 'vpcflow:finding': 'f1' }) },
    { id: 'tms-3', interface: 'eni-2', target: 'tmt-nlb', number: 2, tags: tags({ 'vpcflow:cause': 'existing' }) },
    { id: 'tms-9', interface: 'eni-3', target: 'tmt-nlb', tags: { 'vpcflow:finding': 'f1', Name: 'tap' } },
  ],
};

let bed: CommandBed;
beforeEach(async () => {
  bed = await CommandBed.open(WORLD);
});
afterEach(() => bed.close());

const left = (): readonly string[] => [...bed.ec2.state.sessions.keys()];

describe('release', () => {
  test('ends the sessions with the ids; the audit has it before and after', async () => {
    const { status, stdout, stderr } = await bed.run(['release', 'tms-3', 'tms-1']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').sort()).toEqual([
      '',
      'released tms-1 of eni-1 (finding f1)',
      'released tms-3 of eni-2 (existing)',
    ]);
    expect(left()).toEqual(['tms-2', 'tms-9']);
    const rows = (await bed.audit())
      .filter(({ session_id }) => session_id === 'tms-1')
      .toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    expect(rows.map(({ phase, outcome, reason, action, ok }) => [phase, outcome, reason, action, ok])).toEqual([
      ['decided', 'release', 'asked', null, null],
      ['calling', 'release', 'asked', 'delete-session', null],
      ['answered', 'release', 'asked', 'delete-session', true],
    ]);
    expect(rows[0]).toMatchObject({ interface_id: 'eni-1', finding_id: 'f1', region: REGION, mode: 'apply' });
  });

  test('names what is not ours and what is not there, releases the others, and ends with status 1', async () => {
    const { status, stdout, stderr } = await bed.run(['release', 'tms-9', 'tms-2', 'tms-7']);
    expect(status).toBe(1);
    expect(stderr).toBe(
      'vpcflow: tms-9 is not ours, and is left alone\nvpcflow: there is no session tms-7; see `vpcflow mirror sessions --state active`\n',
    );
    expect(stdout).toBe('released tms-2 of eni-2 (finding f1)\n');
    expect(left()).toEqual(['tms-1', 'tms-3', 'tms-9']);
    const foreign = (await bed.audit()).filter(({ session_id }) => session_id === 'tms-9');
    expect(foreign.map(({ phase, reason }) => [phase, reason])).toEqual([['decided', 'foreign']]);
  });

  test('ends those of a finding, on an interface, or all of ours', async () => {
    const one = await bed.run(['release'], { given: { finding: 'f1', interface: 'eni-2' } });
    expect([one.status, one.stdout]).toEqual([0, 'released tms-2 of eni-2 (finding f1)\n']);
    const finding = await bed.run(['release'], { given: { finding: 'f1' } });
    expect(finding.stdout).toBe('released tms-1 of eni-1 (finding f1)\n');
    const gone = await bed.run(['release'], { given: { finding: 'f1' } });
    expect([gone.status, gone.stderr]).toEqual([0, 'vpcflow: there is no session of ours of finding f1\n']);
    const all = await bed.run(['release'], { given: { all: true } });
    expect([all.status, all.stdout]).toEqual([0, 'released tms-3 of eni-2 (existing)\n']);
    const none = await bed.run(['release'], { given: { all: true } });
    expect([none.status, none.stderr]).toEqual([0, 'vpcflow: there is no session of ours\n']);
    expect(left()).toEqual(['tms-9']);
  });

  test('says what it would end in a dry run, and what EC2 refused', async () => {
    const dry = await bed.run(['release'], { given: { all: true, 'dry-run': true } });
    expect(dry.stdout.match(/^would release tms-[123] of eni-[12] \(.*\)$/gm)).toHaveLength(3);
    expect([dry.status, bed.ec2.changes().length, existsSync(join(bed.directory, 'store'))]).toEqual([0, 0, false]);
    bed.ec2.inject({
      ...{ action: 'DeleteTrafficMirrorSession', error: 'UnauthorizedOperation', times: Infinity },
      when: ({ TrafficMirrorSessionId: id }) => id === 'tms-2',
    });
    const { status, stdout, stderr } = await bed.run(['release'], { given: { finding: 'f1' } });
    expect(status).toBe(1);
    expect(stdout).toBe('released tms-1 of eni-1 (finding f1)\n');
    expect(stderr).toMatch(
      /^vpcflow: tms-2 was not released: ec2:DeleteTrafficMirrorSession is not permitted, allow it .*\(UnauthorizedOperation\)$/m,
    );
    expect(left()).toEqual(['tms-2', 'tms-3', 'tms-9']);
  });

  test('writes nothing where there is nothing to end', async () => {
    const id = await bed.run(['release', 'tms-7']);
    expect([id.status, id.stderr]).toEqual([1, expect.stringContaining('there is no session tms-7; see')]);
    const source = await bed.run(['release'], { given: { interface: 'eni-7' } });
    expect([source.status, source.stderr]).toEqual([0, 'vpcflow: there is no session of ours on eni-7\n']);
    expect(existsSync(join(bed.directory, 'store'))).toBe(false);
  });

  test('ends what waits of a finding, or all of it, where there is no session', async () => {
    for (const id of left()) await bed.run(['release', id]);
    bed.ec2.inject({ action: 'CreateTrafficMirrorSession', error: 'UnauthorizedOperation', times: Infinity });
    await bed.run(['backfill']);
    await bed.clock.advance(1000);
    const dry = await bed.run(['release'], { given: { all: true, 'dry-run': true } });
    expect(dry.stdout).toBe('would end existing/i-1, which waits\nwould end existing/i-3, which waits\n');
    const { status, stdout } = await bed.run(['release'], { given: { all: true } });
    expect([status, stdout]).toEqual([0, 'ended existing/i-1, which waited\nended existing/i-3, which waited\n']);
    const none = await bed.run(['release'], { given: { all: true } });
    expect([none.status, none.stderr]).toEqual([0, 'vpcflow: there is no session of ours\n']);
  });

  test('takes no id of another kind', async () => {
    for (const id of ['eni-1', 'i-1', 'tms-', 'TMS-1', 'f1']) {
      await expect(bed.run(['release', 'tms-1', id])).rejects.toMatchObject({
        code: 'VF_USAGE',
        message: `mirror release needs the id of a session: tms-…, not "${id}"`,
      });
    }
    expect(bed.ec2.calls).toEqual([]);
  });

  test('looks only through the regions that it is told, and needs to know what', async () => {
    const file = `mode: apply\nregions: {eu-west-1: {${RULES}}, ${REGION}: {${RULES}}}\n`;
    const given = { config: await bed.file('both.yaml', file), regions: REGION };
    expect((await bed.run(['release', 'tms-1'], { given })).status).toBe(0);
    const wrong: readonly (readonly [readonly string[], Readonly<Record<string, string | true>>])[] = [
      [[], {}],
      [['tms-2'], { all: true }],
      [['tms-2'], { finding: 'f1' }],
      [[], { all: true, interface: 'eni-1' }],
    ];
    for (const [ids, more] of wrong) {
      await expect(bed.run(['release', ...ids], { given: more })).rejects.toMatchObject({ code: 'VF_USAGE' });
    }
  });
});
