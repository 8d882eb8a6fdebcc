// Several regions in one batch, and what a person previews or releases in them.
import { afterEach, expect, test } from 'vitest';
import { openEc2Mirror } from '../../../../consumers/mirror/ec2/open.ts';
import { MirrorWork } from '../../../../consumers/mirror/turn/work.ts';
import { findingRequest } from '../../../../pipeline/mirror-turn/requests.ts';
import { type FakeEc2, startFakeEc2 } from '../../../fakes/ec2-http/server.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { MeasuredMeter } from './measured-meter.ts';
import { RULE, rulesOf, worldOf } from './work-bed.ts';

const REGIONS = ['us-east-1', 'eu-west-1'];
const signal = new AbortController().signal;
const clock = new ManualClock();
let fakes: readonly FakeEc2[] = [];
afterEach(() => Promise.all(fakes.map((fake) => fake.stop())));

const opened = async () => {
  fakes = await Promise.all(REGIONS.map((region) => startFakeEc2({ ...worldOf(2), region })));
  const store = new MemoryStore();
  const meter = new MeasuredMeter();
  const silent = () => undefined;
  const work = new MirrorWork({
    ...{
      store,
      clock,
      meter,
      account: fakes[0].account,
      worker: 'w',
      log: { debug: silent, info: silent, warn: silent, error: silent },
    },
    rules: rulesOf({ regions: new Map(REGIONS.map((region) => [region, [RULE]])) }),
    regions: new Map(
      fakes.map(({ region, place }) => [region, openEc2Mirror({ region, place, patience: { attempts: 1, wait: 1 } })]),
    ),
    evidence: {
      neighbours: async () => ({ neighbours: [], window: '', complete: null, problem: null }),
      mbps: async () => ({ mbps: new Map(), problem: null }),
    },
  });
  return { work, store, meter };
};

const requests = () =>
  REGIONS.map((region) =>
    findingRequest(
      {
        ...{
          id: `f-${region}`,
          type: 'Trojan:EC2/DropPoint',
          severity: 5,
          title: '',
          account: fakes[0].account,
          region,
        },
        ...{ updatedAt: clock.now(), archived: false, instances: ['i-0'], interfaces: [] },
        ...{ localAddresses: [], localInterfaces: [], remoteAddresses: [] },
      },
      clock.now(),
    ),
  );
const asked = () => requests().map((request) => ({ request, eventId: null }));
const sessions = () => fakes.map(({ state }) => state.sessions.size);

test('one turn serves both; a region that cannot be read stops the other in nothing', async () => {
  const { work, meter } = await opened();
  fakes[1].inject({ action: 'DescribeTrafficMirrorSessions', error: 'UnauthorizedOperation' });
  const { rounds } = await work.turn({ requests: asked() }, signal);
  expect(rounds.map(({ region, unread }) => [region, unread === null])).toEqual([
    ['eu-west-1', false],
    ['us-east-1', true],
  ]);
  expect(sessions()).toEqual([1, 0]);
  await work.turn({ waiting: true }, signal);
  expect(sessions()).toEqual([1, 1]);
  expect(meter.of('mirrorReadFailures')).toEqual({ 'mirrorReadFailures eu-west-1': 1 });
});

test('a preview changes nothing in EC2 or the store, and a release ends what is ours in the regions that were meant', async () => {
  const { work, store } = await opened();
  const previews = await work.preview(requests(), signal);
  expect(previews.map(({ region, plan }) => [region, plan.actions.map(({ kind }) => kind)])).toEqual(
    REGIONS.map((region) => [region, ['create-session']]),
  );
  expect(store.backing.size).toBe(0);
  expect(sessions()).toEqual([0, 0]);
  await work.turn({ requests: asked() }, signal);
  await work.release({ by: 'finding', finding: 'f-eu-west-1' }, signal);
  expect(sessions()).toEqual([1, 0]);
  await work.release({ by: 'all' }, signal, ['us-east-1']);
  expect(sessions()).toEqual([0, 0]);
});

test('turns are taken one after the other', async () => {
  const { work } = await opened();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  fakes[0].inject({ action: 'CreateTrafficMirrorSession', meanwhile: () => gate.promise });
  const first = work.turn({ requests: asked() }, signal).then(() => order.push('first'));
  const second = work.turn({ housekeeping: 'all' }, signal).then(() => order.push('second'));
  const failing = work
    .preview(requests(), AbortSignal.abort(new Error('stopped')))
    .catch((error) => order.push(error.message));
  gate.resolve();
  await Promise.all([first, second, failing]);
  expect(order).toEqual(['first', 'second', 'stopped']);
});
