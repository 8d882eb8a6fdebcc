// What comes again, late, early or after a death: the last state of a finding counts, and each session is made once.
import { afterEach, expect, test } from 'vitest';
import { findingEvent, findingId, stateEvent } from '../bridge-events.ts';
import { LAUNCHES_TARGETS, rulesOf, WorkBed, type Worker, worldOf } from './work-bed.ts';

let bed: WorkBed;
afterEach(() => bed.close());

const state = (more: Partial<Parameters<typeof findingEvent>[0]> = {}): object =>
  findingEvent({ id: 'a', instance: 'i-0', at: bed.clock.now(), ...more });
const send = (worker: Worker, ...events: readonly object[]) => bed.deliver(worker, bed.records(events));
const look = ({ work, stop }: Worker) => work.turn({ housekeeping: 'all', waiting: true }, stop.signal);
const [CREATE, DELETE] = ['CreateTrafficMirrorSession', 'DeleteTrafficMirrorSession'];

test('killed after the session of a finding that is active again: whoever looks next leaves it', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  await send(worker, state());
  await bed.pass(5);
  await send(worker, state({ archived: true }));
  await bed.pass(5);
  const again = bed.records([state()]);
  const killed = bed.worker((step, when) => {
    if (step.includes('after') && when === 'before') killed.kill();
  });
  await expect(bed.deliver(killed, again)).rejects.toThrow('killed');
  expect(bed.sessions).toEqual(['eni-0 a']);
  const heir = bed.worker();
  await look(heir);
  await bed.deliver(heir, again);
  await bed.minute(heir, 3);
  expect(bed.sessions).toEqual(['eni-0 a']);
  expect(bed.calls).toEqual([CREATE, DELETE, CREATE]);
});

test('a launch that is told of again after a stop makes a session, not the token of the one that is over', async () => {
  bed = await WorkBed.open(rulesOf({ enable: { existing: false, launches: true, findings: true } }));
  const worker = bed.worker();
  const launched = stateEvent('i-0', 'running', bed.clock.now());
  const turnTo = (to: 'running' | 'stopped'): void => {
    const instance = bed.fake.state.instances.get('i-0');
    if (instance !== undefined) instance.state = to;
  };
  await send(worker, launched);
  turnTo('stopped');
  await send(worker, stateEvent('i-0', 'stopped', bed.clock.now()));
  expect(bed.sessions).toEqual([]);
  turnTo('running');
  const again = bed.records([launched]);
  const killed = bed.worker((step, when) => {
    if (step === 'createSession' && when === 'after') killed.kill();
  });
  await expect(bed.deliver(killed, again)).rejects.toThrow('killed');
  await bed.deliver(bed.worker(), again); // the same call again, or none
  expect(bed.sessions).toEqual(['eni-0 -']);
  const tokens = bed.fake.changes().filter(({ action }) => action === CREATE);
  expect(new Set(tokens.map(({ parameters }) => parameters.ClientToken)).size).toBe(2);
});

test('a state that was not looked at is not what somebody released: it is mirrored', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  await send(worker, state());
  await bed.minute(worker, 2);
  bed.fake.state.sessions.clear();
  await bed.pass(0.5);
  const lift = bed.fake.inject({ action: 'DescribeTrafficMirrorTargets', error: 'UnauthorizedOperation', times: 99 });
  await send(worker, state());
  lift();
  await bed.minute(worker, 2);
  expect(bed.sessions).toEqual(['eni-0 a']);
});

test('a session that is released while a later state of its finding waits to extend it stays away', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  await send(worker, state());
  await bed.pass(2);
  bed.fake.inject({ action: 'CreateTags', error: 'UnauthorizedOperation', times: 99 });
  await send(worker, state());
  const [id] = bed.fake.state.sessions.keys();
  const person = bed.worker();
  await person.work.release({ by: 'session', ids: [id] }, person.stop.signal);
  bed.fake.lift();
  await bed.minute(worker, 3);
  expect(bed.sessions).toEqual([]);
});

test.each([{ by: 'finding', finding: findingId('a') }, { by: 'all' }] as const)(
  'release by $by ends what waits for a target, until the finding comes again',
  async (what) => {
    bed = await WorkBed.open(rulesOf({}, LAUNCHES_TARGETS), worldOf(1), { settings: { startsAfter: 3 } });
    const worker = bed.worker();
    const first = bed.records([state()]);
    await bed.deliver(worker, first);
    const person = bed.worker();
    await person.work.release(what, person.stop.signal);
    expect((await bed.decisions(findingId('a'))).at(-1)).toBe('refuse released');
    await bed.minute(worker, 4);
    await bed.deliver(bed.worker(), first);
    expect(bed.sessions).toEqual([]);
    await send(worker, state());
    await bed.minute(worker, 4);
    expect(bed.sessions).toEqual(['eni-0 a']);
  },
);

test('release of all ends a launch that waits, whatever comes again of it', async () => {
  const rules = rulesOf({ enable: { existing: false, launches: true, findings: true } }, LAUNCHES_TARGETS);
  bed = await WorkBed.open(rules, worldOf(1), { settings: { startsAfter: 3 } });
  const worker = bed.worker();
  const launch = bed.records([stateEvent('i-0', 'running', bed.clock.now())]);
  await bed.deliver(worker, launch);
  const person = bed.worker();
  await person.work.release({ by: 'all' }, person.stop.signal);
  await bed.minute(worker, 4);
  await bed.deliver(worker, launch);
  expect(bed.sessions).toEqual([]);
});

test('of an active and an archived state of one time, the archived one counts', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  await send(worker, state(), state({ archived: true }));
  await bed.minute(worker);
  await send(worker, state({ at: bed.clock.now() - 60_000 }));
  expect(bed.sessions).toEqual([]);
});

test('a finding whose clock is a year ahead is extended and archived all the same; its state counts from when it came', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  const ahead = state({ updatedAt: bed.clock.now() + 365 * 86_400_000 });
  await send(worker, ahead);
  const [told] = (await bed.rows()).filter(({ phase }) => phase === 'decided');
  expect(told.finding_updated).toBe(bed.clock.now());
  expect(told.detail).toContain('updatedAt is 2027-11-20T05:00:00Z, after it arrived: taken as 2026-11-20T05:00:00Z');
  await bed.pass(5);
  await send(worker, state());
  expect([...bed.fake.state.sessions.values()].map(({ tags }) => tags.get('vpcflow:expires'))).toEqual([
    '2026-11-20T06:05:00Z',
  ]);
  await bed.pass(5);
  await send(worker, state({ archived: true }));
  expect(bed.sessions).toEqual([]);
  await bed.pass(5);
  await send(worker, ahead); // the same state, as late as it comes
  expect(bed.sessions).toEqual([]);
});

test('what EC2 refuses is asked for ever less, over midnight and however many plans there are', async () => {
  bed = await WorkBed.open(rulesOf(), worldOf(1), { start: Date.UTC(2026, 10, 20, 23, 50) });
  const worker = bed.worker();
  bed.fake.inject({ action: CREATE, error: 'UnauthorizedOperation', times: 99 });
  await send(worker, state());
  await bed.minute(worker, 35);
  const asked = (await bed.rows()).filter(({ phase }) => phase === 'answered').map(({ time }) => time ?? 0);
  const times = asked.toSorted((a, b) => a - b).map((time) => (time - asked[0]) / 60_000);
  expect(times).toEqual([0, 1, 3, 7, 15, 31]);
});

test('a target whose instance is gone loses its sessions, which are made anew towards another; it is tidied', async () => {
  bed = await WorkBed.open(rulesOf({}, { ...LAUNCHES_TARGETS, ttl: 7200 }), worldOf(2));
  bed.fake.settings.now = () => bed.clock.now();
  const worker = bed.worker();
  await send(worker, state());
  await bed.minute(worker, 1);
  const [{ target: dead }] = bed.fake.state.sessions.values();
  const [host] = [...bed.fake.state.instances.values()].filter(({ image }) => image === 'ami-9');
  host.state = 'terminated';
  for (const one of bed.fake.state.interfaces.values()) {
    if (one.instance === host.id) bed.fake.state.interfaces.delete(one.id);
  }
  const heir = bed.worker(); // who did not make them
  await bed.minute(heir, 4);
  expect(bed.sessions).toEqual(['eni-0 a']);
  const [{ target }] = bed.fake.state.sessions.values();
  expect(target).not.toBe(dead);
  expect(await bed.decisions()).toContain('release target_gone');
  await send(heir, state({ id: 'b', instance: 'i-1' }));
  expect([...bed.fake.state.sessions.values()].map((session) => session.target)).toEqual([target, target]);
  await bed.minute(heir, 17);
  expect([...bed.fake.state.targets.keys()].toSorted()).toEqual([target, 'tmt-1', 'tmt-2'].toSorted());
});

test('a named target whose interface is gone is passed over, also where the finding itself comes again', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  await send(worker, state());
  bed.fake.state.interfaces.delete('eni-host-1');
  await bed.pass(1);
  await send(worker, state());
  expect([...bed.fake.state.sessions.values()].map(({ target }) => target)).toEqual(['tmt-2']);
});
