// What goes wrong with EC2 and the store: each thing by its name, nothing else stopped, and the right sessions in the end.
import { afterEach, expect, test } from 'vitest';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { Fault } from '../../../fakes/ec2-http/faults.ts';
import { findingEvent, findingId } from '../bridge-events.ts';
import { LAUNCHES_TARGETS, RULE, rulesOf, WorkBed, type Worker, worldOf } from './work-bed.ts';

let bed: WorkBed;
afterEach(() => bed.close());

const CREATE = 'CreateTrafficMirrorSession';
const findings = (...instances: readonly number[]): readonly object[] =>
  instances.map((n) => findingEvent({ id: `f${n}`, instance: `i-${n}`, at: bed.clock.now() }));
const onFirst: Fault['when'] = ({ NetworkInterfaceId }) => NetworkInterfaceId === 'eni-0';

test.each([
  ['TrafficMirrorSessionsPerInterfaceLimitExceeded', 'refuse sessions_full'],
  ['TrafficMirrorSessionLimitExceeded', 'refuse account_full'],
  ['InterfaceInUseByTrafficMirrorTarget', 'refuse is_target'],
  ['NetworkInterfaceNotSupported', 'refuse family'],
  ['InvalidNetworkInterfaceID.NotFound', 'refuse interface_gone'],
  ['InvalidTrafficMirrorFilterId.NotFound', 'refuse filter_missing'],
  ['UnauthorizedOperation', 'wait denied'],
  ['RequestLimitExceeded', 'wait failed'],
  ['InternalError', 'wait failed'],
  ['SomethingNew', 'refuse failed'],
])('%s for one interface: %s, in the audit, and the other finding has its session', async (error, decision) => {
  bed = await WorkBed.open();
  const lift = bed.fake.inject({ action: CREATE, when: onFirst, times: Number.POSITIVE_INFINITY, error });
  const worker = bed.worker();
  expect(await bed.deliver(worker, bed.records(findings(0, 1)))).toEqual(['2']);
  lift();
  expect(bed.sessions).toEqual(['eni-1 f1']);
  const about = await bed.decisions(`finding/${findingId('f0')}`);
  expect(about).toEqual(['create wanted', decision]);
  const refused = (await bed.rows()).filter(({ phase, ok }) => phase === 'answered' && ok === false);
  expect(refused.map(({ error_code }) => error_code)).toEqual([error]);
  expect(worker.meter.of('mirrorCalls create-session')).toMatchObject({ [`mirrorCalls create-session ${error}`]: 1 });
  expect(worker.lines.filter((line) => line.startsWith('warn EC2 refused'))).toHaveLength(1);
  await bed.minute(worker, 2);
  const waited = decision.startsWith('wait');
  expect(bed.sessions.includes('eni-0 f0')).toBe(waited);
});

test('a target that is full for EC2 gives way to the next; a number that is taken, to a higher one', async () => {
  bed = await WorkBed.open();
  const full = 'TrafficMirrorSourcesPerTargetLimitExceeded';
  bed.fake.inject({ action: CREATE, error: full });
  bed.fake.inject({ action: CREATE, error: 'InvalidParameterValue', message: 'Session number 1 is already in use' });
  await bed.deliver(bed.worker(), bed.records(findings(0)));
  expect([...bed.fake.state.sessions.values()]).toMatchObject([{ interface: 'eni-0', target: 'tmt-2', number: 2 }]);
  expect(bed.calls).toEqual([`${CREATE} ${full}`, `${CREATE} InvalidParameterValue`, CREATE]);
});

test('more full targets than a turn has rounds: what is left waits, and the next turns get to the last target', async () => {
  const ids = Array.from({ length: 9 }, (_, n) => `tmt-${n}`);
  const hosts = ids.map((id) => ({ id: `i-of-${id}`, interfaces: [{ id: `eni-of-${id}` }] }));
  const { filters = [], instances = [] } = worldOf(1);
  bed = await WorkBed.open(rulesOf({}, { ...RULE, target: { by: 'id', ids } }), {
    instances: [...instances, ...hosts],
    targets: ids.map((id) => ({ id, interface: `eni-of-${id}` })),
    filters,
  });
  const when: Fault['when'] = ({ TrafficMirrorTargetId }) => TrafficMirrorTargetId !== 'tmt-8';
  const error = 'TrafficMirrorSourcesPerTargetLimitExceeded'; // by sources of another account
  bed.fake.inject({ action: CREATE, when, times: Number.POSITIVE_INFINITY, error });
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(0)));
  expect(bed.calls).toHaveLength(6);
  expect((await bed.decisions()).slice(-2)).toEqual(['create wanted', 'wait wanted']);
  await bed.minute(worker);
  expect([...bed.fake.state.sessions.values()]).toMatchObject([{ interface: 'eni-0', target: 'tmt-8' }]);
  expect(bed.calls).toHaveLength(9);
});

test('a storm of RequestLimitExceeded: a few calls, the rest is left, and all is made when it is over', async () => {
  bed = await WorkBed.open(rulesOf(), worldOf(12));
  const all = Array.from({ length: 12 }, (_, n) => n);
  const lift = bed.fake.inject({ action: CREATE, times: Number.POSITIVE_INFINITY, error: 'RequestLimitExceeded' });
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(...all)));
  expect(bed.calls).toHaveLength(4); // two calls of two tries each
  expect(worker.meter.of('mirrorWaiting')).toMatchObject({ mirrorWaiting: 12 });
  const rows = (await bed.rows()).length;
  await bed.minute(worker, 8); // tried after 1, 2 and 4 minutes
  const tried = bed.calls.length;
  expect(tried).toBe(4 + 3 * 4);
  expect((await bed.rows()).length).toBeLessThanOrEqual(rows * 4);
  lift();
  await bed.pass(8);
  await bed.minute(worker);
  expect(bed.sessions).toHaveLength(12);
  expect(worker.meter.values).toMatchObject({ mirrorWaiting: 0, mirrorWaitingSeconds: 0 });
});

test('a deletion that is denied is tried less and less often, said once, and made when it is permitted', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(0)));
  const denied = { action: 'DeleteTrafficMirrorSession', error: 'UnauthorizedOperation' };
  const lift = bed.fake.inject({ ...denied, times: Number.POSITIVE_INFINITY });
  await bed.pass(60);
  await bed.minute(worker, 16); // after 1, 2, 4 and 8 minutes
  expect(bed.calls.filter((call) => call.startsWith('Delete'))).toHaveLength(5);
  expect((await bed.decisions()).filter((one) => one === 'wait denied')).toHaveLength(5);
  expect(worker.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  lift();
  await bed.pass(15); // after 16 more
  await bed.minute(worker);
  expect(bed.sessions).toEqual([]);
});

test('two workers that are given the same batch at once make the same call', async () => {
  bed = await WorkBed.open();
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const meanwhile = (): Promise<void> => {
    waiting += 1;
    if (waiting === 2) gate.resolve();
    return gate.promise;
  };
  bed.fake.inject({ action: CREATE, times: 2, meanwhile });
  const records = bed.records(findings(0));
  await Promise.all([bed.deliver(bed.worker(), records), bed.deliver(bed.worker(), records)]);
  expect(bed.calls).toEqual([CREATE, CREATE]);
  expect(bed.sessions).toEqual(['eni-0 f0']);
});

test('what waits unchanged is written once, however long it waits', async () => {
  bed = await WorkBed.open(rulesOf({}, LAUNCHES_TARGETS), worldOf(1), { settings: { startsAfter: null } });
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(0)));
  const objects = bed.store.backing.size;
  await bed.minute(worker, 5);
  expect(bed.store.backing.size).toBe(objects);
  expect(bed.calls).toEqual(['RunInstances']);
  expect(worker.meter.values).toMatchObject({ mirrorWaiting: 1, mirrorWaitingSeconds: 300 });
});

test('a target instance that never starts is terminated, and after three of them the rule is refused', async () => {
  bed = await WorkBed.open(rulesOf({}, LAUNCHES_TARGETS), worldOf(1), {
    start: Date.now(), // the fake launches by the machine's clock
    settings: { startsAfter: null },
  });
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(0)));
  for (let passed = 0; passed < 4; passed += 1) {
    await bed.pass(9);
    await bed.minute(worker, 2);
  }
  expect((await bed.decisions(`finding/${findingId('f0')}`)).at(-1)).toBe('refuse target_failed');
  const states = [...bed.fake.state.instances.values()]
    .filter(({ image }) => image === 'ami-9')
    .map(({ state }) => state);
  expect(states).toEqual(['terminated', 'terminated', 'terminated']);
  expect(bed.sessions).toEqual([]);
});

test('a target instance that starts later carries the sessions of all that waited, and goes when it is empty', async () => {
  bed = await WorkBed.open(rulesOf({}, LAUNCHES_TARGETS), worldOf(3), {
    start: Date.now(),
    settings: { startsAfter: 4 },
  });
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(0, 1, 2)));
  expect(bed.sessions).toEqual([]);
  await bed.minute(worker, 4);
  expect(bed.sessions).toEqual(['eni-0 f0', 'eni-1 f1', 'eni-2 f2']);
  expect(bed.calls).toEqual(['RunInstances', 'CreateTrafficMirrorTarget', CREATE, CREATE, CREATE]);
  await bed.pass(60);
  await bed.minute(worker); // the sessions expire, and the target has none
  await bed.pass(15);
  await bed.minute(worker, 3);
  expect(bed.sessions).toEqual([]);
  expect([...bed.fake.state.targets.keys()]).toEqual(['tmt-1', 'tmt-2']);
  expect([...bed.fake.state.instances.values()].filter(({ image }) => image === 'ami-9')).toMatchObject([
    { state: 'terminated' },
  ]);
});

test('an answer that is lost on its way, at every try: the session is found, and there is one', async () => {
  bed = await WorkBed.open();
  bed.fake.inject({ action: CREATE, times: 2, cut: 'after' });
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(0)));
  expect(bed.sessions).toEqual(['eni-0 f0']);
  await bed.deliver(bed.worker(), bed.records(findings(0)));
  await bed.minute(worker, 2);
  expect(bed.sessions).toEqual(['eni-0 f0']);
  expect((await bed.decisions(`finding/${findingId('f0')}`)).slice(0, 2)).toEqual(['create wanted', 'keep already']);
});

test('reads that lag behind: nothing is made twice', async () => {
  bed = await WorkBed.open(rulesOf({}, LAUNCHES_TARGETS), worldOf(2), { settings: { lag: 3, startsAfter: 1 } });
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(findings(0, 1)));
  await bed.minute(worker, 3);
  expect(bed.sessions).toEqual(['eni-0 f0', 'eni-1 f1']);
  expect(bed.calls).toEqual(['RunInstances', 'CreateTrafficMirrorTarget', CREATE, CREATE]);
});

test('a region that cannot be read: everything waits, said once, and is made when it can', async () => {
  bed = await WorkBed.open();
  const lift = bed.fake.inject({
    action: 'DescribeTrafficMirrorTargets',
    times: Number.POSITIVE_INFINITY,
    error: 'UnauthorizedOperation',
  });
  const worker = bed.worker();
  expect(await bed.deliver(worker, bed.records(findings(0, 1)))).toEqual(['2']);
  await bed.minute(worker, 3);
  expect(await bed.decisions()).toEqual(['wait failed', 'wait failed']);
  expect(worker.lines.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
  expect(worker.meter.of('mirrorReadFailures')).toEqual({ 'mirrorReadFailures us-east-1': 7 });
  lift();
  await bed.minute(bed.worker());
  expect(bed.sessions).toEqual(['eni-0 f0', 'eni-1 f1']);
});

/** A worker whose store fails as soon as a put of this half is tried, or was made. */
const failing = (half: string, when: 'before' | 'after'): Worker =>
  bed.worker((step, at) => {
    if (step.endsWith(`${half}.parquet`) && at === when) throw new VpcflowError('VF_STORE_UNREACHABLE', 'no store');
  });

test.each([
  ['before', 'before', 0],
  ['before', 'after', 0],
  ['after', 'before', 1],
  ['after', 'after', 1],
] as const)(
  'a store that fails with the object %s (%s the put): no checkpoint, %i calls, and right the next time',
  async (half, when, calls) => {
    bed = await WorkBed.open();
    const records = bed.records(findings(0));
    const worker = failing(half, when);
    await expect(bed.deliver(worker, records)).rejects.toMatchObject({ code: 'VF_STORE_UNREACHABLE' });
    expect(bed.calls).toHaveLength(calls);
    expect(worker.meter.of('mirrorTurns')).toEqual({ 'mirrorTurns failed': 1 });
    expect(await bed.deliver(bed.worker(), records)).toEqual(['1']);
    expect(bed.sessions).toEqual(['eni-0 f0']);
    expect(bed.fake.changes()).toHaveLength(1);
  },
);

test('told to stop: the call under way is answered and written down, no other is made, and nothing is checkpointed', async () => {
  bed = await WorkBed.open();
  const worker: Worker = bed.worker((step, when) => {
    if (step === 'createSession' && when === 'after') worker.stop.abort(new Error('stopped'));
  });
  const records = bed.records(findings(0, 1, 2));
  await expect(bed.deliver(worker, records)).rejects.toThrow('stopped');
  expect(bed.calls).toHaveLength(1);
  expect((await bed.rows()).filter(({ phase }) => phase === 'answered')).toMatchObject([{ ok: true }]);
  expect(worker.meter.of('mirrorTurns')).toEqual({ 'mirrorTurns stopped': 1 });
  await bed.deliver(bed.worker(), records);
  expect(bed.calls).toEqual([CREATE, CREATE, CREATE]);
});

test('two workers that race on a finding leave one session, whoever was first', async () => {
  bed = await WorkBed.open();
  const at = bed.clock.now();
  const [one, other] = [bed.worker(), bed.worker()];
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const meanwhile = (): Promise<void> => {
    waiting += 1;
    if (waiting === 2) gate.resolve(); // both have observed before either makes anything
    return gate.promise;
  };
  bed.fake.inject({ action: CREATE, times: 2, meanwhile });
  // Another state each, so that the calls differ.
  const states = [at, at + 1].map((updatedAt) => findingEvent({ id: 'a', instance: 'i-0', at, updatedAt }));
  await Promise.all([bed.deliver(one, bed.records([states[0]])), bed.deliver(other, bed.records([states[1]]))]);
  expect(bed.sessions).toEqual(['eni-0 a']);
  expect(bed.calls.toSorted()).toEqual([CREATE, `${CREATE} InvalidParameterValue`]);
  for (const worker of [one, other]) await bed.minute(worker, 2);
  await bed.deliver(one, bed.records(states));
  expect(bed.sessions).toEqual(['eni-0 a']);
});

test('two sessions for one finding on one interface: the housekeeping ends the higher number, the other lives as long', async () => {
  const mine = { 'vpcflow:managed': 'true', 'vpcflow:cause': 'finding', 'vpcflow:finding': findingId('a') };
  const twin = (id: string, number: number, minutes: number) => ({
    ...{ id, number, interface: 'eni-0', target: 'tmt-1' },
    tags: { ...mine, 'vpcflow:expires': new Date(Date.UTC(2026, 10, 20, 5, minutes)).toISOString() },
  });
  bed = await WorkBed.open(rulesOf(), { ...worldOf(1), sessions: [twin('tms-1', 1, 30), twin('tms-2', 2, 45)] });
  const worker = bed.worker();
  await bed.minute(worker);
  await bed.pass(30);
  await bed.minute(worker);
  expect([...bed.fake.state.sessions.keys()]).toEqual(['tms-1']);
  expect(bed.calls).toEqual(['CreateTags', 'DeleteTrafficMirrorSession']);
  await bed.pass(15);
  await bed.minute(worker);
  expect(bed.sessions).toEqual([]);
  expect(await bed.decisions()).toEqual(['extend duplicate', 'release duplicate', 'release expired']);
});
