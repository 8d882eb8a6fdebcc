// Each of EC2's error codes becomes what the next plan goes around, and no plan of a turn makes a refused call again.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planMirroring } from '../../../pipeline/mirror-plan/plan-mirroring.ts';
import { obstacleOf } from '../../../pipeline/mirror-plan/reactions.ts';
import type { MirrorAction, MirrorObstacle } from '../../../schemas/mirroring/plan.ts';
import { ModelAccount } from './model-account.ts';
import { regions, requestLists, ruleFiles } from './random-region.ts';

const tags = { 'vpcflow:managed': 'true', 'vpcflow:cause': 'finding', 'vpcflow:finding': 'f1', 'vpcflow:rule': 'web' };

const CREATE: MirrorAction = {
  decision: 0,
  kind: 'create-session',
  session: {
    ...{ interface: 'eni-1', target: 'tmt-1', filter: 'tmf-1', number: 2, virtualNetworkId: null, packetLength: null },
    ...{ description: '', tags, token: 'token' },
  },
};
const TARGET: MirrorAction = {
  ...{ decision: 0, kind: 'create-target' },
  target: { interface: 'eni-9', description: '', tags, token: 'token' },
};
const RUN: MirrorAction = {
  ...{ decision: 0, kind: 'run-instance' },
  instance: { instanceType: 't3.micro', image: 'ami-1', securityGroups: [], subnet: 'subnet-a', tags, token: 'token' },
};
const DELETE: MirrorAction = { decision: 0, kind: 'delete-session', id: 'tms-1' };
const TAG_SESSION: MirrorAction = { decision: 0, kind: 'set-tags', id: 'tms-1', tags: {} };
const DELETE_TARGET: MirrorAction = { decision: 0, kind: 'delete-target', id: 'tmt-1' };

describe('the reaction to', () => {
  test.each<[string, string, MirrorAction, MirrorObstacle['what'], ...string[]]>([
    ['TrafficMirrorSessionsPerInterfaceLimitExceeded', '', CREATE, 'sessions-full', 'eni-1'],
    ['TrafficMirrorSourcesPerTargetLimitExceeded', '', CREATE, 'target-full', 'tmt-1'],
    ['TrafficMirrorSessionsPerTargetLimitExceeded', '', CREATE, 'target-full', 'tmt-1'],
    ['TrafficMirrorSessionLimitExceeded', '', CREATE, 'account-sessions-full'],
    ['TrafficMirrorTargetLimitExceeded', '', TARGET, 'account-targets-full'],
    ['InterfaceInUseByTrafficMirrorTarget', '', CREATE, 'interface-is-target', 'eni-1'],
    ['InterfaceInUseByTrafficMirrorTarget', '', TARGET, 'interface-is-target', 'eni-9'],
    ['InterfaceInUseByTrafficMirrorSession', '', TARGET, 'interface-is-source', 'eni-9'],
    ['NetworkInterfaceNotSupported', 'eni-1 must be attached', CREATE, 'interface-unsupported', 'eni-1'],
    ['InvalidNetworkInterfaceID.NotFound', '', CREATE, 'interface-gone', 'eni-1'],
    ['InvalidNetworkInterfaceID.Malformed', '', CREATE, 'interface-gone', 'eni-1'],
    ['InvalidNetworkInterfaceID.NotFound', '', TARGET, 'interface-gone', 'eni-9'],
    ['InvalidTrafficMirrorTarget', "The interface ID 'eni-9' does not exist", TARGET, 'interface-gone', 'eni-9'],
    ['InvalidTrafficMirrorTarget', "The interface ID 'eni-1' does not exist", CREATE, 'interface-gone', 'eni-1'],
    ['InvalidTrafficMirrorTargetId.NotFound', '', CREATE, 'target-gone', 'tmt-1'],
    ['InvalidTrafficMirrorTargetNoFound', '', CREATE, 'target-gone', 'tmt-1'],
    ['InvalidTrafficMirrorTargetId.NotFound', '', DELETE_TARGET, 'target-gone', 'tmt-1'],
    ['NetworkLoadBalancerNotFoundException', '', CREATE, 'target-gone', 'tmt-1'],
    ['InvalidTrafficMirrorFilterId.NotFound', '', CREATE, 'filter-gone', 'tmf-1'],
    ['InvalidTrafficMirrorFilterNotFound', '', CREATE, 'filter-gone', 'tmf-1'],
    ['InvalidTrafficMirrorSessionId.NotFound', '', DELETE, 'session-gone', 'tms-1'],
    ['InvalidTrafficMirrorSessionNotFound', '', TAG_SESSION, 'session-gone', 'tms-1'],
    ['InvalidID', 'The ID is not valid', TAG_SESSION, 'session-gone', 'tms-1'],
    ['InvalidParameterValue', 'The session number 2 is already in use', CREATE, 'number-taken', 'eni-1', '2'],
    ['InvalidParameterValue', 'Value (9000) for packetLength is invalid', CREATE, 'failed', 'eni-1 finding f1'],
    ['MissingParameter', '', CREATE, 'failed', 'eni-1 finding f1'],
    ['IdempotentParameterMismatch', '', CREATE, 'failed', 'eni-1 finding f1'],
    ['TrafficMirrorTargetInUseException', '', DELETE_TARGET, 'failed', 'tmt-1'],
    ['UnauthorizedOperation', '', CREATE, 'denied', 'eni-1 finding f1'],
    ['AuthFailure', '', DELETE, 'denied', 'tms-1'],
    ['UnauthorizedOperation', '', RUN, 'denied', 'web subnet-a'],
    ['RequestLimitExceeded', '', CREATE, 'later', 'eni-1 finding f1'],
    ['Unavailable', '', TARGET, 'later', 'eni-9'],
    ['InternalError', '', TAG_SESSION, 'later', 'tms-1'],
    ['TimeoutError', '', RUN, 'later', 'web subnet-a'],
    ['InsufficientInstanceCapacity', '', RUN, 'instance-failed', 'web subnet-a'],
    ['InvalidAMIID.NotFound', '', RUN, 'instance-failed', 'web subnet-a'],
    ['InvalidInstanceID.NotFound', '', { decision: 0, kind: 'terminate-instance', id: 'i-1' }, 'failed', 'i-1'],
    ['TrafficMirrorFilterInUse', '', DELETE, 'failed', 'tms-1'],
    ['NobodyKnowsThisCode', '', CREATE, 'failed', 'eni-1 finding f1'],
  ])('%s %s', (code, message, action, what, ...subjects) => {
    const said = expect.stringContaining(message); // with what to allow, where it is denied
    expect(obstacleOf(action, { code, message })).toEqual({ what, subjects, code, message: said });
  });
});

const CODES = [
  ...['UnauthorizedOperation', 'RequestLimitExceeded', 'InternalError', 'NobodyKnowsThisCode', 'MissingParameter'],
  ...['TrafficMirrorSessionsPerInterfaceLimitExceeded', 'TrafficMirrorSourcesPerTargetLimitExceeded'],
  ...['TrafficMirrorSessionLimitExceeded', 'TrafficMirrorTargetLimitExceeded', 'InterfaceInUseByTrafficMirrorTarget'],
  ...['InterfaceInUseByTrafficMirrorSession', 'NetworkInterfaceNotSupported', 'InvalidNetworkInterfaceID.NotFound'],
  ...['InvalidTrafficMirrorTargetId.NotFound', 'InvalidTrafficMirrorFilterId.NotFound', 'InvalidParameterValue'],
  ...['InvalidTrafficMirrorSessionId.NotFound', 'InsufficientInstanceCapacity'],
];

const carryOut = (account: ModelAccount, action: MirrorAction): null => {
  account.carryOut([action]);
  return null;
};

/** After a release that was refused, what was to take its place is refused too: nothing else may be. */
const follows = (account: ModelAccount, action: MirrorAction): string | null => {
  try {
    return carryOut(account, action);
  } catch (error) {
    const what = String(error);
    if (what.includes('a fourth session')) return 'TrafficMirrorSessionsPerInterfaceLimitExceeded';
    if (what.includes('sources on')) return 'TrafficMirrorSourcesPerTargetLimitExceeded';
    if (what.includes('twice on')) return 'InvalidParameterValue';
    throw error;
  }
};

test('whatever EC2 refuses, the plans of a turn come to an end, decide on every request and repeat no refused call', () => {
  const given = {
    ...{ region: regions, rules: ruleFiles, requests: requestLists },
    faults: fc.array(fc.option(fc.constantFrom(...CODES), { freq: 2 }), { minLength: 1, maxLength: 12 }),
  };
  fc.assert(
    fc.property(fc.record(given), ({ region, rules, requests, faults }) => {
      const account = new ModelAccount(region);
      const obstacles: MirrorObstacle[] = [];
      const refused = new Set<string>();
      let calls = 0;
      for (let round = 0; ; round += 1) {
        const memory = { released: () => null, decided: () => null, ended: () => 0 };
        const world = account.world();
        const { decisions, actions } = planMirroring({ rules, requests, world, memory, obstacles });
        for (const request of requests)
          assert(
            decisions.some((one) => one.request === request.key),
            request.key,
          );
        if (actions.length === 0) return;
        assert(round < 30, 'it never ends');
        let isReleased = true;
        for (const { decision: _, ...call } of actions) {
          const text = JSON.stringify(call);
          assert(!refused.has(text), `again: ${text}`);
          const action = { decision: 0, ...call } as MirrorAction;
          const code =
            faults[calls % faults.length] ?? (isReleased ? carryOut(account, action) : follows(account, action));
          calls += 1;
          if (code === null) continue;
          refused.add(text);
          isReleased &&= call.kind !== 'delete-session';
          const met = obstacleOf(action, { code, message: 'session number' });
          obstacles.push(met);
          if (met.what === 'session-gone' || met.what === 'target-gone') account.sessions.delete(met.subjects[0]);
        }
        account.boot();
      }
    }),
    { numRuns: 600 },
  );
});
