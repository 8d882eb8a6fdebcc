// What a person wants gone: sessions of ours only, and why others are not.
import { expect, test } from 'vitest';
import { planRelease, type Released } from '../../../../pipeline/mirror-plan/housekeeping/plan-release.ts';
import type { Finding } from '../../../../schemas/mirroring/events.ts';
import type { MirrorObstacle, MirrorRequest } from '../../../../schemas/mirroring/plan.ts';
import { ModelAccount } from '../model-account.ts';
import { readScenario } from '../scenario.ts';

const { region } = readScenario(`
now: 2026-11-22T02:15:00Z
rules: |
  mode: apply
  vpcs:
  - {vpcId: vpc-1, filterId: tmf-1, targetId: tmt-1}
instances:
  i-1: {interfaces: {eni-1: [10.0.0.1], eni-2: [10.0.0.2]}}
targets: {tmt-1: {}}
sessions:
  tms-1: {interface: eni-1, tags: {'vpcflow:managed': 'true', 'vpcflow:cause': finding, 'vpcflow:finding': f1}}
  tms-2: {interface: eni-2, tags: {'vpcflow:managed': 'true', 'vpcflow:cause': finding, 'vpcflow:finding': f1}}
  tms-3: {interface: eni-1, tags: {'vpcflow:managed': 'true', 'vpcflow:cause': launch}}
  tms-4: {interface: eni-2, tags: {'vpcflow:finding': f1}}
`);

const of = (key: string, finding: string | null): MirrorRequest => ({
  ...{ key, cause: finding === null ? 'launch' : 'finding', account: '', region: '', instances: ['i-1'], at: 0 },
  finding: finding === null ? null : ({ id: finding } as Finding), // nothing else of it is looked at
  neighbours: [],
});
const waiting = [of('finding/f1/9', 'f1'), of('finding/f2/9', 'f2'), of('launch/i-1', null)];

const release = (what: Released, obstacles: readonly MirrorObstacle[] = []) => {
  const account = new ModelAccount(region);
  const { decisions, actions } = planRelease({ world: account.world(), what, waiting, obstacles });
  account.carryOut(actions);
  return {
    decided: decisions.map(({ session, request, outcome, reason }) => `${session ?? request} ${outcome} ${reason}`),
    left: [...account.sessions.keys()],
  };
};

test('sessions by their ids; somebody else’s is refused by name, one that is not there is said to be gone', () => {
  expect(release({ by: 'session', ids: ['tms-4', 'tms-3', 'tms-9', 'tms-3'] })).toEqual({
    decided: ['tms-4 refuse foreign', 'tms-9 keep gone', 'tms-3 release asked'],
    left: ['tms-1', 'tms-2', 'tms-4'],
  });
});

test('the sessions of a finding, and what waits of it', () => {
  expect(release({ by: 'finding', finding: 'f1' })).toEqual({
    decided: ['tms-1 release asked', 'tms-2 release asked', 'finding/f1/9 refuse released'],
    left: ['tms-3', 'tms-4'],
  });
});

test('all of ours, whatever they are for, and all that waits', () => {
  expect(release({ by: 'all' })).toEqual({
    decided: [
      ...['tms-1 release asked', 'tms-2 release asked', 'tms-3 release asked'],
      ...['finding/f1/9 refuse released', 'finding/f2/9 refuse released'],
      ...['launch/i-1 refuse released', 'launch/i-1 refuse released'], // on both interfaces
    ],
    left: ['tms-4'],
  });
});

test('what EC2 refused in this turn is not asked of it again', () => {
  const said = { code: 'UnauthorizedOperation', message: 'no' };
  const obstacles = [
    { what: 'denied', subjects: ['tms-1'], ...said },
    { what: 'session-gone', subjects: ['tms-2'], ...said },
  ] as const;
  expect(release({ by: 'finding', finding: 'f1' }, obstacles)).toEqual({
    decided: ['tms-1 wait denied', 'finding/f1/9 refuse released'],
    left: ['tms-1', 'tms-2', 'tms-3', 'tms-4'],
  });
});
