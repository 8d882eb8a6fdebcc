// Neighbours and Mbit/s from real digest files against plain loops, and what is said where there is no evidence.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Evidence } from '../../../../consumers/mirror/turn/evidence.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { ensureLayout } from '../../../../consumers/shared/store/layout.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import type { Row } from '../../../fakes/parquet-rows.ts';
import { referenceMbps, referenceNeighbours } from '../../../reference/evidence.ts';
import { flowRow } from '../../query/flow-rows.ts';
import { putWatermark } from '../../query/golden-store.ts';
import { putRows } from '../../query/store-of-rows.ts';

const NOW = Date.parse('2026-11-20T06:10:42.500Z');
const STOP = Date.parse('2026-11-20T06:10:00Z');
const HOUR = [STOP - 3_600_000, STOP] as const;
const WINDOW = '2026-11-20T05:10:00Z/2026-11-20T06:10:00Z';

const REMOTE = '203.0.113.5';
const REMOTE_V6 = '2001:db8::5';
const ACCOUNT = '111122223333';

let directory: string;
let stores = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-evidence-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const storeOf = async (rows: readonly Row[]): Promise<DirectoryStore> => {
  const store = new DirectoryStore(join(directory, String(stores++)));
  await ensureLayout(store);
  await putRows(store, 'digests', 'one', rows);
  return store;
};

const open = (store: ObjectStore, timeout?: number): Evidence =>
  new Evidence({ store, clock: new ManualClock(NOW), ...(timeout === undefined ? {} : { timeout }) });

const asked = async <T>(evidence: Evidence, ask: (evidence: Evidence) => Promise<T>): Promise<T> => {
  try {
    return await ask(evidence);
  } finally {
    await evidence.close();
  }
};

const signal = new AbortController().signal;

const at = (ms: number): string => new Date(ms).toISOString();
const addresses = fc.constantFrom(REMOTE, REMOTE_V6, '10.0.0.7', '10.0.0.8', null);
const row: fc.Arbitrary<Row> = fc.record({
  minute: fc.constantFrom(HOUR[0] - 60_000, HOUR[0], STOP - 60_000, STOP).map(at),
  account_id: fc.constantFrom(ACCOUNT, ACCOUNT, '444455556666', null),
  region: fc.constantFrom('us-east-1', 'eu-west-1', null, null),
  interface_id: fc.constantFrom('eni-0a', 'eni-0b', 'eni-0c', 'eni-0d', null),
  srcaddr: addresses,
  dstaddr: addresses,
  pkt_srcaddr: addresses,
  pkt_dstaddr: addresses,
  action: fc.constantFrom('ACCEPT', 'ACCEPT', 'REJECT', null),
  flows: fc.constant(1),
  bytes: fc.oneof(fc.bigInt(0n, 3n), fc.constant(2n ** 62n), fc.constant(null)),
});
const scope = fc.record(
  {
    account: fc.constant(ACCOUNT),
    region: fc.constant('us-east-1'),
    except: fc.constantFrom([], ['eni-0a'], ['eni-0a', 'eni-0c']),
  },
  { requiredKeys: [] },
);

describe('the digests of the last hour', () => {
  test('have the neighbours and Mbit/s that plain loops find', async () => {
    const remotes = fc.subarray([REMOTE, REMOTE_V6, '192.0.2.1'], { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 40 }),
        fc.array(fc.tuple(remotes, fc.integer({ min: 1, max: 4 }), scope), { minLength: 3, maxLength: 3 }),
        async (rows, questions) => {
          await asked(open(await storeOf(rows)), async (evidence) => {
            for (const [remote, count, within] of questions) {
              const { neighbours, problem } = await evidence.neighbours(remote, count, NOW, signal, within);
              const expected = referenceNeighbours(rows, remote, count, HOUR, within);
              expect(problem).toBeNull();
              expect(neighbours.map((one) => [one.interface, one.bytes])).toEqual(expected);
            }
            const ids = ['eni-0a', 'eni-0c', 'eni-0f'];
            expect(await evidence.mbps(ids, NOW, signal)).toEqual({
              mbps: referenceMbps(rows, ids, HOUR),
              problem: null,
            });
          });
        },
      ),
      { numRuns: 8 },
    );
  }, 20_000);

  test('count a flow once for each of its two witnesses, and addresses in any spelling', async () => {
    const minute = at(STOP - 60_000);
    const rows = [
      // Both ends of one conversation inside the VPC log it.
      flowRow('eni-web', ['10.0.0.7', 0], ['10.0.0.8', 22], { minute, bytes: 700 }),
      flowRow('eni-app', ['10.0.0.7', 0], ['10.0.0.8', 22], { minute, bytes: 600 }),
      // The address stands twice in one row, and behind a NAT gateway only in the packet.
      flowRow('eni-nat', ['10.0.0.9', 0], ['10.0.0.8', 443], { minute, pkt_dstaddr: '10.0.0.8', bytes: 650 }),
      flowRow('eni-app', ['10.0.0.1', 0], ['10.0.0.9', 443], { minute, pkt_srcaddr: '2001:db8::5', bytes: 5 }),
    ];
    await asked(open(await storeOf(rows)), async (evidence) => {
      const { neighbours, window } = await evidence.neighbours(['10.0.0.8', '2001:DB8:0::0005'], 9, NOW, signal);
      expect(window).toBe(WINDOW);
      expect(neighbours).toEqual([
        { interface: 'eni-web', bytes: 700n, window: WINDOW, complete: null },
        { interface: 'eni-nat', bytes: 650n, window: WINDOW, complete: null },
        { interface: 'eni-app', bytes: 605n, window: WINDOW, complete: null },
      ]);
      const { mbps } = await evidence.mbps(['eni-app'], NOW, signal);
      expect(mbps.get('eni-app')).toBeCloseTo((605 * 8) / 3600 / 1e6, 15);
    });
  });

  test('say whether they are complete', async () => {
    const store = await storeOf([flowRow('eni-web', [REMOTE, 0], ['10.0.0.8', 22], { minute: at(HOUR[0]) })]);
    const complete = () => asked(open(store), async (e) => (await e.neighbours([REMOTE], 1, NOW, signal)).complete);
    expect(await complete()).toBeNull();
    await putWatermark(store, '111122223333.us-east-1.flow-logs', 'shardId-0', '2026-11-20T06:10:30Z');
    expect(await complete()).toBe(false);
    await putWatermark(store, '111122223333.us-east-1.flow-logs', 'shardId-0', '2026-11-20T06:30:00Z');
    expect(await complete()).toBe(true);
  });
});

describe('no evidence', () => {
  test('is what a store without digests has, and what nothing was asked about', async () => {
    const empty = new DirectoryStore(join(directory, 'empty'));
    await ensureLayout(empty);
    const evidence = open(empty);
    await asked(evidence, async () => {
      const nothing = { neighbours: [], window: WINDOW, complete: null, problem: null };
      expect(await evidence.neighbours([REMOTE], 3, NOW, signal)).toEqual(nothing);
      expect(await evidence.neighbours([], 3, NOW, signal)).toEqual(nothing);
      expect(await evidence.neighbours(['no address'], 3, NOW, signal)).toEqual(nothing);
      expect(await evidence.neighbours([REMOTE], 0, NOW, signal)).toEqual(nothing);
      expect(await evidence.mbps(['eni-web'], NOW, signal)).toEqual({ mbps: new Map(), problem: null });
      expect(await evidence.mbps([], NOW, signal)).toEqual({ mbps: new Map(), problem: null });
    });
  });

  test('is what a store has that is not there, and it is not made', async () => {
    const store = new DirectoryStore(join(directory, 'nowhere'));
    await asked(open(store), async (evidence) => {
      const problem = `no evidence: the store ${store.uri} does not exist`;
      expect((await evidence.neighbours([REMOTE], 3, NOW, signal)).problem).toBe(problem);
      expect((await evidence.mbps(['eni-web'], NOW, signal)).problem).toBe(problem);
    });
    expect(existsSync(join(directory, 'nowhere'))).toBe(false);
  });

  test('is said with its reason: a question that fails, or does not fit', async () => {
    const rows = [flowRow('eni-web', [REMOTE, 0], ['10.0.0.8', 22], { minute: at(STOP - 60_000) })];
    const backing = new MemoryStore();
    await putRows(backing, 'digests', 'one', rows);
    const failing = backing.client({
      beforeEach: () => {
        throw new Error('the bucket is away');
      },
    });
    const found = { neighbours: [], window: WINDOW, complete: null };
    await asked(open(failing), async (evidence) => {
      const problem = 'no evidence: the bucket is away';
      expect(await evidence.neighbours([REMOTE], 3, NOW, signal)).toEqual({ ...found, problem });
      expect(await evidence.mbps(['eni-web'], NOW, signal)).toEqual({ mbps: new Map(), problem });
    });
    const cache = { cacheDirectory: join(directory, 'cache'), cacheSize: 16 };
    await asked(new Evidence({ store: backing, clock: new ManualClock(NOW), ...cache }), async (evidence) => {
      const { problem } = await evidence.neighbours([REMOTE], 3, NOW, signal);
      expect(problem).toMatch(/^no evidence: .*\(VF_LIMIT\)$/);
    });
  });

  test('is said at once for a minute where the digests did not answer in time', async () => {
    const backing = new MemoryStore();
    await putRows(backing, 'digests', 'one', [
      flowRow('eni-web', [REMOTE, 0], ['10.0.0.8', 22], { minute: at(HOUR[0]) }),
    ]);
    let questions = 0;
    let answers = false;
    const store = backing.client({
      beforeEach: () => {
        questions += 1;
        return answers ? undefined : new Promise(() => {});
      },
    });
    const clock = new ManualClock(NOW);
    const cache = { cacheDirectory: join(directory, 'cache'), timeout: 500 };
    await asked(new Evidence({ store, clock, ...cache }), async (evidence) => {
      const problem = async () => (await evidence.neighbours([REMOTE], 3, NOW, signal)).problem;
      const silence = 'no evidence: the digests did not answer within 0.5 s';
      expect(await Promise.all([problem(), problem()])).toEqual([silence, silence]);
      const before = questions;
      answers = true;
      expect(await problem()).toBe(silence);
      expect(questions).toBe(before);
      await clock.advance(60_000);
      expect(await problem()).toBeNull();
    });
  });

  test('is what remains when the consumer ends; who asked and left hears why', async () => {
    const store = new MemoryStore(new Map(), { beforeEach: () => new Promise(() => {}) });
    const evidence = open(store);
    const leaving = new AbortController();
    const left = evidence.mbps(['eni-web'], NOW, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    const waiting = evidence.neighbours([REMOTE], 3, NOW, signal);
    await evidence.close();
    expect((await waiting).problem).toBe('no evidence: the consumer ends (VF_ENGINE)');
  });
});
