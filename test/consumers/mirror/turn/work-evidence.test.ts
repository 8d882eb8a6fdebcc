// The digests' part in the work: neighbours that are mirrored too, bandwidth that is limited, and what is said without them.
import { afterEach, expect, test } from 'vitest';
import { findingEvent, findingId } from '../bridge-events.ts';
import { LAUNCHES_TARGETS, rulesOf, WorkBed, worldOf } from './work-bed.ts';

let bed: WorkBed;
afterEach(() => bed.close());

const WINDOW = '2026-11-20T04:00:00Z/2026-11-20T05:00:00Z';
const neighbour = (id: string, bytes: bigint) => ({ interface: id, bytes, window: WINDOW, complete: true });
const finding = (id: string, instance: string) =>
  findingEvent({ id, instance, at: bed.clock.now(), remote: '198.51.100.7' });

test('the neighbours of a finding are mirrored with it, with the evidence in the audit, and asked for once', async () => {
  bed = await WorkBed.open(rulesOf({ neighbours: 2 }), worldOf(4));
  const asked: unknown[] = [];
  bed.evidence = {
    ...bed.evidence,
    neighbours: async (addresses, count, at, _signal, scope) => {
      asked.push({ addresses, count, at, scope });
      return {
        neighbours: [neighbour('eni-2', 900n), neighbour('eni-1', 700n)],
        window: WINDOW,
        complete: true,
        problem: null,
      };
    },
  };
  const worker = bed.worker();
  const at = bed.clock.now();
  const records = bed.records([finding('a', 'i-0')]);
  await bed.deliver(worker, records);
  await bed.deliver(bed.worker(), records);
  expect(bed.sessions).toEqual(['eni-0 a', 'eni-1 a', 'eni-2 a']);
  expect(asked).toEqual([
    {
      addresses: ['198.51.100.7'],
      count: 12, // some of them may be no sources
      at,
      scope: { account: bed.fake.account, region: 'us-east-1', except: [] },
    },
  ]);
  const rows = (await bed.rows()).filter(({ phase, outcome }) => phase === 'decided' && outcome === 'create');
  expect(rows.map((row) => [row.interface_id, row.neighbour_bytes, row.neighbour_window])).toEqual([
    ['eni-0', null, null],
    ['eni-2', 900n, WINDOW],
    ['eni-1', 700n, WINDOW],
  ]);
});

test('a finding that waits keeps its neighbours, also when its event comes again', async () => {
  bed = await WorkBed.open(rulesOf({ neighbours: 1 }, LAUNCHES_TARGETS), worldOf(2), { settings: { startsAfter: 3 } });
  let asked = 0;
  bed.evidence = {
    ...bed.evidence,
    neighbours: async () => {
      asked += 1;
      return { neighbours: [neighbour('eni-1', 900n)], window: WINDOW, complete: true, problem: null };
    },
  };
  const records = bed.records([finding('a', 'i-0')]);
  for (const worker of [bed.worker(), bed.worker(), bed.worker()]) await bed.deliver(worker, records);
  await bed.minute(bed.worker());
  expect(bed.sessions).toEqual(['eni-0 a', 'eni-1 a']);
  expect(asked).toBe(1);
});

test('digests that do not answer: the finding is mirrored without neighbours, and its decision says why', async () => {
  bed = await WorkBed.open(rulesOf({ neighbours: 2 }));
  const problem = 'no evidence: the digests did not answer within 10 s';
  bed.evidence = {
    ...bed.evidence,
    neighbours: async () => ({ neighbours: [], window: WINDOW, complete: null, problem }),
  };
  await bed.deliver(bed.worker(), bed.records([finding('a', 'i-0')]));
  expect(bed.sessions).toEqual(['eni-0 a']);
  const [decided] = (await bed.rows()).filter(({ phase }) => phase === 'decided');
  expect(decided.detail).toContain(problem);
});

test('digests without such a row, and findings without a remote address: the decision says so', async () => {
  bed = await WorkBed.open(rulesOf({ neighbours: 2 }), worldOf(3));
  let found = { neighbours: [] as ReturnType<typeof neighbour>[], complete: true as boolean | null };
  bed.evidence = { ...bed.evidence, neighbours: async () => ({ ...found, window: WINDOW, problem: null }) };
  const detailOf = async (id: string, instance: string, remote: string) => {
    await bed.deliver(bed.worker(), bed.records([findingEvent({ id, instance, at: bed.clock.now(), remote })]));
    const rows = (await bed.rows()).filter((row) => row.phase === 'decided' && row.finding_id === findingId(id));
    return rows.map(({ detail }) => detail).join('\n');
  };
  const none = `no neighbours: no row with 198.51.100.9 of another interface in ${WINDOW}`;
  expect(await detailOf('a', 'i-0', '198.51.100.9')).toContain(`${none} (complete)`);
  found = { neighbours: [], complete: null };
  expect(await detailOf('b', 'i-1', '198.51.100.9')).toContain(`${none} (unknown)`);
  found = { neighbours: [neighbour('eni-2', 5n)], complete: true };
  expect(await detailOf('c', 'i-2', '198.51.100.9')).toContain(`${none} (complete)`); // its own interface
  expect(bed.sessions).toEqual(['eni-0 a', 'eni-1 b', 'eni-2 c']);
});

test('no evidence is asked for what is not wanted, nor where no rule wants neighbours', async () => {
  bed = await WorkBed.open(rulesOf({ neighbours: 2, findings: { allow: [], deny: [], minSeverity: 9 } }));
  const neighbours = async (): Promise<never> => {
    throw new Error('asked');
  };
  bed.evidence = { ...bed.evidence, neighbours };
  await bed.deliver(bed.worker(), bed.records([finding('a', 'i-0')]));
  expect(await bed.decisions()).toEqual(['refuse severity']);
  bed.rules = rulesOf();
  await bed.deliver(bed.worker(), bed.records([finding('b', 'i-0')]));
  expect(bed.sessions).toEqual(['eni-0 b']);
});

test('guard.maxMbps counts what the digests say of the interfaces; without them it warns once', async () => {
  const guard = { maxCostPerHour: null, sessionPrice: 0.015, maxMbps: 100 };
  bed = await WorkBed.open(rulesOf({ guard }));
  let problem: string | null = null;
  bed.evidence = {
    ...bed.evidence,
    mbps: async (interfaces) => ({
      mbps: new Map([...interfaces].map((id) => [id, id === 'eni-1' ? 90 : 20])),
      problem,
    }),
  };
  const worker = bed.worker();
  await bed.deliver(worker, bed.records([finding('a', 'i-0'), finding('b', 'i-1')]));
  expect(bed.sessions).toEqual(['eni-0 a']);
  expect(await bed.decisions(findingId('b'))).toEqual(['refuse bandwidth']);
  problem = 'no evidence: the store is away';
  await bed.minute(worker, 3);
  expect(worker.lines.filter((line) => line.includes('guard.maxMbps is judged'))).toHaveLength(1);
});
