// Which sessions a release ends: those asked for that are ours, and never another.
import { expect, test } from 'vitest';
import { releasePlan } from '../../../pipeline/mirror-release/release-plan.ts';
import { type MirrorSession, TAG, type Tags } from '../../../schemas/mirroring/account.ts';

const session = (id: string, source: string, tags: Tags): MirrorSession => ({
  ...{
    id,
    interface: source,
    target: 'tmt-1',
    filter: 'tmf-1',
    number: 1,
    virtualNetworkId: 7,
    packetLength: null,
    tags,
  },
});
const ours = { [TAG.managed]: 'true', [TAG.rule]: 'vpcs[0]' };
const SESSIONS = [
  session('tms-3', 'eni-b', { ...ours, [TAG.cause]: 'existing' }),
  session('tms-2', 'eni-b', { ...ours, [TAG.finding]: 'f1', [TAG.expires]: '2026-11-22T03:00:00Z' }),
  session('tms-1', 'eni-a', { ...ours, [TAG.finding]: 'f1', [TAG.expires]: 'soon' }),
  session('tms-4', 'eni-a', { [TAG.finding]: 'f1', Name: 'somebody else' }),
];

const NOTHING = { ids: [], finding: null, interface: null };
const released = (question: Partial<typeof NOTHING> | { readonly ids: readonly string[] }): readonly string[] =>
  releasePlan(SESSIONS, { ...NOTHING, ...question }).actions.map((action) =>
    action.kind === 'delete-session' ? action.id : action.kind,
  );

test('ends what is asked for and ours', () => {
  expect(released({})).toEqual(['tms-1', 'tms-2', 'tms-3']);
  expect(releasePlan(SESSIONS, { ...NOTHING, finding: 'f1' }).actions.map(({ decision }) => decision)).toEqual([0, 1]);
  expect(releasePlan(SESSIONS, { ...NOTHING, finding: 'f1', interface: 'eni-b' }).decisions).toEqual([
    {
      ...{ request: null, outcome: 'release', reason: 'asked', detail: 'tms-2 was asked to be released' },
      ...{ instance: null, interface: 'eni-b', rule: 'vpcs[0]', session: 'tms-2', target: 'tmt-1', neighbour: null },
      expires: Date.parse('2026-11-22T03:00:00Z'),
    },
  ]);
  expect(released({ ids: ['tms-1', 'tms-9'] })).toEqual(['tms-1']);
});

test('names what is asked for and not ours, and leaves it alone', () => {
  const { decisions, actions } = releasePlan(SESSIONS, { ...NOTHING, ids: ['tms-4', 'tms-2'] });
  expect(decisions.map(({ session: id, outcome, reason }) => [id, outcome, reason])).toEqual([
    ['tms-2', 'release', 'asked'],
    ['tms-4', 'report', 'foreign'],
  ]);
  expect(actions).toEqual([{ decision: 0, kind: 'delete-session', id: 'tms-2' }]);
});
