// Changes that were answered are seen at once, for a minute; reads that show them, or the contrary later, win.
import { expect, test } from 'vitest';
import { RecentChanges } from '../../../../consumers/mirror/turn/recent-changes.ts';
import type { MirrorInstance, MirrorSession, MirrorTarget } from '../../../../schemas/mirroring/account.ts';
import type { MirrorAction } from '../../../../schemas/mirroring/plan.ts';

const SESSION: MirrorSession = {
  ...{ id: 'tms-1', interface: 'eni-1', target: 'tmt-1', filter: 'tmf-1', number: 1 },
  ...{ virtualNetworkId: null, packetLength: null, tags: { a: '1', b: '2' } },
};
const TARGET: MirrorTarget = { id: 'tmt-1', kind: 'network-interface', interface: 'eni-9', owner: '', tags: {} };
const INSTANCE: MirrorInstance = {
  ...{ id: 'i-1', type: 'm5.large', state: 'pending', launched: 0, image: 'ami', subnet: 's', vpc: 'v', zone: 'z' },
  ...{ tags: {}, interfaces: [] },
};
const done = { ok: true, value: null } as const;
const create = (what: 'session' | 'target' | 'instance'): MirrorAction => {
  const kinds = { session: 'create-session', target: 'create-target', instance: 'run-instance' } as const;
  return { decision: null, kind: kinds[what], [what]: {} } as unknown as MirrorAction; // its parameters do not matter here
};
const on = (kind: 'delete-session' | 'terminate-instance', id: string): MirrorAction => ({ decision: null, kind, id });

test('what was made is there before it is listed, and not twice after', () => {
  const recent = new RecentChanges();
  recent.answered(create('session'), { ok: true, value: SESSION }, 0);
  recent.answered(create('target'), { ok: true, value: TARGET }, 0);
  recent.answered(create('instance'), { ok: true, value: INSTANCE }, 0);
  expect(recent.sessions([])).toEqual([SESSION]);
  expect(recent.sessions([SESSION])).toEqual([SESSION]);
  expect(recent.targets([])).toEqual([TARGET]);
  expect(recent.instances([])).toEqual([INSTANCE]);
  expect(recent.instances([{ ...INSTANCE, state: 'running' }])).toEqual([{ ...INSTANCE, state: 'running' }]);
});

test('what was deleted is not there while it is still listed; an instance shuts down', () => {
  const recent = new RecentChanges();
  recent.answered(on('delete-session', 'tms-1'), done, 0);
  recent.answered(on('terminate-instance', 'i-1'), done, 0);
  expect(recent.sessions([SESSION])).toEqual([]);
  expect(recent.instances([{ ...INSTANCE, state: 'running' }])).toEqual([{ ...INSTANCE, state: 'shutting-down' }]);
  expect(recent.instances([{ ...INSTANCE, state: 'terminated' }])).toEqual([{ ...INSTANCE, state: 'terminated' }]);
});

test('tags are as the last calls left them', () => {
  const recent = new RecentChanges();
  recent.answered({ decision: null, kind: 'set-tags', id: 'tms-1', tags: { a: '9', c: '3' } }, done, 0);
  recent.answered({ decision: null, kind: 'remove-tags', id: 'tms-1', keys: ['b', 'c'] }, done, 0);
  expect(recent.sessions([SESSION])[0].tags).toEqual({ a: '9' });
  recent.answered({ decision: null, kind: 'set-tags', id: 'tms-1', tags: { b: '4' } }, done, 0);
  expect(recent.sessions([SESSION])[0].tags).toEqual({ a: '9', b: '4' });
});

test('a refusal changes nothing, and forgets what was thought of its subject; so does a minute', () => {
  const recent = new RecentChanges();
  recent.answered(on('delete-session', 'tms-1'), { ok: false, code: 'X', message: '' }, 0);
  expect(recent.sessions([SESSION])).toEqual([SESSION]);
  recent.answered(create('session'), { ok: true, value: SESSION }, 0);
  recent.answered(
    { decision: null, kind: 'set-tags', id: 'tms-1', tags: {} },
    { ok: false, code: 'InvalidTrafficMirrorSessionId.NotFound', message: '' },
    0,
  );
  expect(recent.sessions([])).toEqual([]);
  recent.answered(create('session'), { ok: true, value: SESSION }, 0);
  recent.passed(60_000);
  expect(recent.sessions([])).toEqual([SESSION]);
  recent.passed(60_001);
  expect(recent.sessions([])).toEqual([]);
});
