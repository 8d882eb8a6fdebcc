// A worker that is killed between any two of its steps: another one is given the same events, and has the right sessions.
// A step is a put or a call that changes something: before it everything is as it was after the one before it.
import { afterEach, expect, test } from 'vitest';
import type { StreamRecord } from '../../../../schemas/processor.ts';
import { findingEvent, findingId } from '../bridge-events.ts';
import { LAUNCHES_TARGETS, rulesOf, WorkBed, worldOf } from './work-bed.ts';

let bed: WorkBed;
afterEach(() => bed.close());

/**
 * A world in which one batch makes a target instance, its target, two sessions, extends a session and releases one: each
 * kind of call once at least.
 */
const prepared = async (): Promise<readonly StreamRecord[]> => {
  const mine = (finding: string) => ({
    ...{ 'vpcflow:managed': 'true', 'vpcflow:cause': 'finding', 'vpcflow:rule': 'vpcs[0]' },
    ...{ 'vpcflow:finding': findingId(finding), 'vpcflow:expires': '2026-11-20T05:30:00Z' },
  });
  const sessions = [
    { id: 'tms-again', interface: 'eni-2', target: 'tmt-1', tags: mine('again') },
    { id: 'tms-over', interface: 'eni-3', target: 'tmt-1', tags: mine('over') },
  ];
  bed = await WorkBed.open(
    rulesOf({}, LAUNCHES_TARGETS),
    { ...worldOf(4), sessions },
    { settings: { startsAfter: 1 } },
  );
  const at = bed.clock.now();
  return bed.records([
    findingEvent({ id: 'a', instance: 'i-0', at }),
    findingEvent({ id: 'b', instance: 'i-1', at }),
    findingEvent({ id: 'again', instance: 'i-2', at }),
    findingEvent({ id: 'over', instance: 'i-3', at, archived: true }),
  ]);
};

const expected = ['eni-0 a', 'eni-1 b', 'eni-2 again'];
const CALLS = [
  'CreateTags',
  'CreateTrafficMirrorSession',
  'CreateTrafficMirrorSession',
  'CreateTrafficMirrorTarget',
  'DeleteTrafficMirrorSession',
  'RunInstances',
];

const made = () => ({
  sessions: bed.sessions,
  hosts: [...bed.fake.state.instances.values()].filter(({ image }) => image === 'ami-9').length,
  targets: bed.fake.state.targets.size,
  extended: [...bed.fake.state.sessions.values()]
    .filter(({ interface: source }) => source === 'eni-2')
    .map(({ tags }) => tags.get('vpcflow:expires')),
});

/** How many steps a worker takes that nobody kills, in the batch and a minute later, and what it leaves. */
const undisturbed = async () => {
  const records = await prepared();
  let steps = 0;
  const worker = bed.worker((_, when) => {
    if (when === 'after') steps += 1;
  });
  await bed.deliver(worker, records);
  await bed.minute(worker);
  expect(bed.calls.toSorted()).toEqual(CALLS);
  expect(bed.sessions).toEqual(expected);
  const left = { steps, made: made() };
  await bed.close();
  return left;
};

test('whatever step it is killed after, and before any: exactly the right sessions', async () => {
  const { steps, made: right } = await undisturbed();
  expect(steps).toBeGreaterThan(10);
  for (let last = 0; last <= steps; last += 1) {
    const records = await prepared();
    let step = 0;
    const killed = bed.worker((_, when) => {
      if (when === 'after') step += 1;
      if (step === last) killed.kill();
    });
    await bed
      .deliver(killed, records)
      .then(
        () => bed.minute(killed),
        () => undefined,
      )
      .catch(() => undefined);
    const heir = bed.worker();
    expect(await bed.deliver(heir, records), `after step ${last}`).toHaveLength(1);
    await bed.minute(heir);
    expect(made(), `after step ${last}`).toEqual(right);
    // A call is repeated at most once, and then it is the same call.
    expect(bed.calls.length, `after step ${last}`).toBeLessThanOrEqual(CALLS.length + 1);
    if (last < steps) await bed.close();
  }
});

test('killed while the reconciler makes what waited: another one carries on, and nobody sends the events again', async () => {
  for (let last = 0, reached = true; reached; last += 1) {
    bed = await WorkBed.open(rulesOf({}, LAUNCHES_TARGETS), worldOf(2), { settings: { startsAfter: 3 } });
    const at = bed.clock.now();
    const findings = ['a', 'b'].map((id, n) => findingEvent({ id, instance: `i-${n}`, at }));
    let step = 0;
    let counted = false;
    const worker = bed.worker((_, when) => {
      if (!counted) return;
      if (when === 'after') step += 1;
      if (step === last) worker.kill();
    });
    await bed.deliver(worker, bed.records(findings)); // waits for the target instance
    expect(bed.sessions).toEqual([]);
    counted = true;
    await bed.minute(worker, 3).catch(() => undefined);
    reached = step >= last;
    if (!reached) expect(last).toBeGreaterThan(6);
    const heir = bed.worker();
    await bed.pass(2);
    await bed.minute(heir, 2);
    expect(bed.sessions, `after step ${last}`).toEqual(['eni-0 a', 'eni-1 b']);
    expect(bed.fake.state.targets.size).toBe(3);
    if (reached) await bed.close();
  }
});

test('killed while what is over is taken away: another one takes away the rest, and an updated finding is mirrored again', async () => {
  const mine = { 'vpcflow:managed': 'true', 'vpcflow:cause': 'finding', 'vpcflow:rule': 'vpcs[0]' };
  const tags = { ...mine, 'vpcflow:finding': findingId('a'), 'vpcflow:expires': '2026-11-20T05:00:30Z' };
  const twins = [1, 2].map((number) => ({ id: `tms-${number}`, interface: 'eni-0', target: 'tmt-1', number, tags }));
  for (let last = 0, reached = true; reached; last += 1) {
    bed = await WorkBed.open(rulesOf(), { ...worldOf(1), sessions: twins });
    let step = 0;
    const worker = bed.worker((_, when) => {
      if (when === 'after') step += 1;
      if (step === last) worker.kill();
    });
    await bed.minute(worker).catch(() => undefined);
    reached = step >= last;
    if (!reached) expect(last).toBe(5); // two puts and two calls
    const heir = bed.worker();
    await bed.minute(heir, 2);
    expect(bed.sessions, `after step ${last}`).toEqual([]);
    await bed.deliver(heir, bed.records([findingEvent({ id: 'a', instance: 'i-0', at: bed.clock.now() })]));
    expect(bed.sessions, `after step ${last}`).toEqual(['eni-0 a']);
    if (reached) await bed.close();
  }
});
