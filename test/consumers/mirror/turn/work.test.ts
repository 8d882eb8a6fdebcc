// The life of findings through the work: redelivered, sent again, archived, expired, released, refused; what is written.
import { afterEach, expect, test } from 'vitest';
import { findingEvent, findingId, stateEvent } from '../bridge-events.ts';
import { HOUR, rulesOf, WorkBed, worldOf } from './work-bed.ts';

let bed: WorkBed;
afterEach(() => bed.close());

const keyOf = (name: string, updatedAt: number): string => `finding/${findingId(name)}/${updatedAt}`;

test('the same batch thrice makes the same sessions, once, and is said once', async () => {
  bed = await WorkBed.open();
  const at = bed.clock.now();
  const records = bed.records([
    findingEvent({ id: 'a', instance: 'i-0', at }),
    findingEvent({ id: 'b', instance: 'i-1', at }),
    findingEvent({ id: 'b', instance: 'i-1', at }),
  ]);
  const worker = bed.worker();
  expect(await bed.deliver(worker, records)).toEqual(['3']);
  const objects = bed.store.backing.size;
  expect(await bed.deliver(worker, records)).toEqual(['3']);
  expect(await bed.deliver(worker, records)).toEqual(['3']);
  expect(bed.sessions).toEqual(['eni-0 a', 'eni-1 b']);
  expect(bed.calls).toEqual(['CreateTrafficMirrorSession', 'CreateTrafficMirrorSession']);
  expect(bed.store.backing.size).toBe(objects);
  expect(await bed.decisions()).toEqual(['create wanted', 'create wanted']);
  expect(worker.meter.of('mirror')).toEqual({
    'mirrorEvents finding': 9,
    'mirrorDecisions create wanted': 2,
    'mirrorCalls create-session OK': 2,
    'mirrorTurns done': 3,
    mirrorSeconds: 3,
    mirrorAudit: 2,
    'mirrorSessions us-east-1 ours': 2,
  });
  expect(worker.lines.filter((line) => line.includes('a session was made'))).toHaveLength(2);
});

test('a restarted worker finds what another has done', async () => {
  bed = await WorkBed.open();
  const records = bed.records([findingEvent({ id: 'a', instance: 'i-0', at: bed.clock.now() })]);
  await bed.deliver(bed.worker(), records);
  await bed.deliver(bed.worker(), records);
  await bed.minute(bed.worker());
  expect(bed.calls).toEqual(['CreateTrafficMirrorSession']);
  expect(bed.sessions).toEqual(['eni-0 a']);
});

test('hundreds of findings for one instance in one batch: three sessions, every other refused by name', async () => {
  bed = await WorkBed.open();
  const at = bed.clock.now();
  const names = Array.from({ length: 300 }, (_, n) => `f${n}`);
  const worker = bed.worker();
  await bed.deliver(worker, bed.records(names.map((id) => findingEvent({ id, instance: 'i-0', at }))));
  expect(bed.sessions).toHaveLength(3);
  expect([...bed.fake.state.sessions.values()].map(({ number }) => number).sort()).toEqual([1, 2, 3]);
  expect(bed.calls).toHaveLength(3);
  expect(worker.meter.of('mirrorDecisions')).toEqual({
    'mirrorDecisions create wanted': 3,
    'mirrorDecisions refuse sessions_full': 297,
  });
});

test('states of one finding in one batch: the latest counts, the others are superseded', async () => {
  bed = await WorkBed.open();
  const now = bed.clock.now();
  const worker = bed.worker();
  const states = [3, 1, 2].map((n) => findingEvent({ id: 'a', instance: 'i-0', at: now, updatedAt: now + n }));
  await bed.deliver(worker, bed.records(states));
  expect(bed.sessions).toEqual(['eni-0 a']);
  expect(await bed.decisions(keyOf('a', now + 3))).toEqual(['create wanted']);
  expect(await bed.decisions(keyOf('a', now + 1))).toEqual(['keep superseded']);
  await bed.deliver(bed.worker(), bed.records([states[1]]));
  expect(bed.calls).toHaveLength(1);
});

test('a finding that comes again lives longer; when nothing comes any more its session goes with its time', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  const first = bed.clock.now();
  await bed.deliver(worker, bed.records([findingEvent({ id: 'a', instance: 'i-0', at: first })]));
  await bed.clock.advance(HOUR / 2);
  const second = bed.clock.now();
  await bed.deliver(worker, bed.records([findingEvent({ id: 'a', instance: 'i-0', at: second })]));
  expect(bed.calls).toEqual(['CreateTrafficMirrorSession', 'CreateTags']);
  await bed.pass(58);
  await bed.minute(worker);
  expect(bed.sessions).toEqual(['eni-0 a']);
  await bed.minute(worker);
  expect(bed.sessions).toEqual([]);
  expect((await bed.decisions()).at(-1)).toBe('release expired');
  await bed.deliver(worker, bed.records([findingEvent({ id: 'a', instance: 'i-0', at: second })]));
  await bed.minute(worker);
  expect(bed.sessions).toEqual([]);
  expect((await bed.decisions()).at(-1)).toBe('refuse expired');
});

test('an archived finding gives its session back, and an older state does not bring it back', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  const at = bed.clock.now();
  const before = bed.records([findingEvent({ id: 'a', instance: 'i-0', at })]);
  await bed.deliver(worker, before);
  await bed.deliver(
    worker,
    bed.records([findingEvent({ id: 'a', instance: 'i-0', at, updatedAt: at + 1, archived: true })]),
  );
  expect(bed.sessions).toEqual([]);
  await bed.deliver(worker, before);
  await bed.deliver(bed.worker(), before);
  expect(bed.sessions).toEqual([]);
  expect(bed.calls).toEqual(['CreateTrafficMirrorSession', 'DeleteTrafficMirrorSession']);
});

test.each(['a person releases it', 'somebody deletes it'])(
  '%s: left alone until the finding is updated',
  async (how) => {
    bed = await WorkBed.open();
    const worker = bed.worker();
    const at = bed.clock.now();
    const before = bed.records([findingEvent({ id: 'a', instance: 'i-0', at })]);
    await bed.deliver(worker, before);
    await bed.clock.advance(5 * 60_000);
    if (how.startsWith('a person')) await bed.worker().work.release({ by: 'all' }, worker.stop.signal);
    else bed.fake.state.sessions.clear();
    for (const one of [worker, bed.worker()]) await bed.deliver(one, before); // before any housekeeping has seen it
    await bed.minute(worker, 2);
    for (const one of [worker, bed.worker()]) await bed.deliver(one, before);
    expect(bed.sessions).toEqual([]);
    expect(await bed.decisions(keyOf('a', at))).toContain('refuse released');
    const later = bed.clock.now();
    await bed.deliver(worker, bed.records([findingEvent({ id: 'a', instance: 'i-0', at: later })]));
    expect(bed.sessions).toEqual(['eni-0 a']);
  },
);

test('launches: running asks, stopped and terminated release; a finding stays while its instance is stopped', async () => {
  bed = await WorkBed.open(rulesOf({ enable: { existing: false, launches: true, findings: true } }));
  const worker = bed.worker();
  const at = bed.clock.now();
  const states = (instance: string, state: string) => bed.records([stateEvent(instance, state, bed.clock.now())]);
  await bed.deliver(worker, states('i-0', 'running'));
  await bed.deliver(worker, states('i-1', 'running'));
  await bed.deliver(worker, bed.records([findingEvent({ id: 'a', instance: 'i-0', at })]));
  expect(bed.sessions).toEqual(['eni-0 -', 'eni-0 a', 'eni-1 -']);
  bed.fake.state.instances.get('i-0')!.state = 'stopped';
  await bed.deliver(worker, states('i-0', 'stopped'));
  expect(bed.sessions).toEqual(['eni-0 a', 'eni-1 -']);
  bed.fake.state.instances.get('i-0')!.state = 'terminated';
  await bed.deliver(worker, states('i-0', 'terminated'));
  expect(bed.sessions).toEqual(['eni-1 -']);
  bed.fake.state.instances.get('i-1')!.state = 'stopped'; // the event is lost
  await bed.minute(worker);
  expect(bed.sessions).toEqual([]);
});

test('a launch that EC2 tells of before it shows the instance waits for it; one that it never shows is refused', async () => {
  bed = await WorkBed.open(rulesOf({ enable: { existing: false, launches: true, findings: true } }));
  const worker = bed.worker();
  const late = bed.fake.state.instances.get('i-0')!;
  bed.fake.state.instances.delete('i-0');
  await bed.deliver(
    worker,
    bed.records(['i-0', 'i-none'].map((instance) => stateEvent(instance, 'running', bed.clock.now()))),
  );
  expect(await bed.decisions()).toEqual(['wait instance_gone', 'wait instance_gone']);
  bed.fake.state.instances.set('i-0', late);
  await bed.minute(worker);
  expect(bed.sessions).toEqual(['eni-0 -']);
  await bed.minute(worker, 2);
  expect(await bed.decisions('launch/i-none')).toEqual(['wait instance_gone', 'refuse instance_gone']);
  expect(worker.meter.values).toMatchObject({ mirrorWaiting: 0 });
});

test('what asks for nothing is counted and in the audit, and stops nothing', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  const at = bed.clock.now();
  const events = [
    Buffer.from('not JSON'),
    { ...stateEvent('i-0', 'running', at), 'detail-type': 'Something else' },
    stateEvent('i-0', 'pending', at),
    stateEvent('i-0', 'running', at),
    findingEvent({ id: 'a', instance: 'i-0', at }),
    findingEvent({ id: 'b', instance: 'i-0', at, account: '999999999999' }),
  ];
  expect(await bed.deliver(worker, bed.records(events))).toEqual(['6']);
  expect(bed.sessions).toEqual(['eni-0 a']);
  expect(worker.meter.of('mirrorEvents')).toEqual({
    'mirrorEvents malformed': 1,
    'mirrorEvents unknown_detail_type': 1,
    'mirrorEvents state': 2,
    'mirrorEvents finding': 2,
  });
  expect((await bed.decisions()).toSorted()).toEqual([
    'create wanted',
    'refuse other_account',
    'report malformed',
    'report state',
    'report state',
    'report unknown_detail_type',
  ]);
});

test('a finding of a region without rules is refused there, without a call', async () => {
  bed = await WorkBed.open();
  const event = findingEvent({ id: 'a', instance: 'i-0', at: bed.clock.now() });
  const elsewhere = JSON.parse(JSON.stringify(event).replaceAll('us-east-1', 'eu-west-1'));
  await bed.deliver(bed.worker(), bed.records([elsewhere]));
  expect(await bed.decisions()).toEqual(['refuse no_region']);
  expect(bed.fake.calls).toEqual([]);
});

test('clocks: an event from ahead counts from its arrival, one from behind from its own time', async () => {
  bed = await WorkBed.open();
  const worker = bed.worker();
  const now = bed.clock.now();
  await bed.deliver(
    worker,
    bed.records([
      findingEvent({ id: 'ahead', instance: 'i-0', at: now + 10 * HOUR }),
      findingEvent({ id: 'behind', instance: 'i-1', at: now - HOUR / 2 }),
      findingEvent({ id: 'long ago', instance: 'i-2', at: now - 2 * HOUR }),
    ]),
  );
  const expiries = [...bed.fake.state.sessions.values()].map(({ interface: source, tags }) => [
    source,
    Date.parse(tags.get('vpcflow:expires') ?? '') - now,
  ]);
  expect(Object.fromEntries(expiries)).toEqual({ 'eni-0': HOUR, 'eni-1': HOUR / 2 });
  expect(await bed.decisions(keyOf('long ago', now - 2 * HOUR))).toEqual(['refuse expired']);
});

test('a session of somebody else is reported once, counted, and left alone', async () => {
  bed = await WorkBed.open(rulesOf(), {
    ...worldOf(2),
    sessions: [{ id: 'tms-foreign', interface: 'eni-1', target: 'tmt-1' }],
  });
  const worker = bed.worker();
  await bed.minute(worker, 5);
  expect(await bed.decisions()).toEqual(['report foreign']);
  expect(worker.meter.of('mirrorSessions')).toEqual({ 'mirrorSessions us-east-1 foreign': 1 });
  expect(bed.calls).toEqual([]);
});
