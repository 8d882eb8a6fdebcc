// Whatever flows were logged, and however their ports were stored, the lines are those that the predecessor's own way gives.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { produce } from '../../../../consumers/query/predecessor/produce.ts';
import { openQueryService } from '../../../../consumers/shared/query/service.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { formatTime, MINUTE_MS } from '../../../../pipeline/window/window.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import type { Row } from '../../../fakes/parquet-rows.ts';
import { putRows } from '../store-of-rows.ts';

const START = Date.parse('2026-11-20T05:50:00Z');
const WINDOW = { start: START, stop: START + 20 * MINUTE_MS };

interface Flow {
  readonly minute: number;
  readonly account: string;
  readonly interface: string;
  readonly addresses: readonly [string, string];
  readonly ports: readonly [number, number];
  readonly protocol: number;
  readonly action: 'ACCEPT' | 'REJECT';
  readonly packets: number;
  readonly bytes: number;
  readonly seconds: readonly [number, number];
}

const address = fc.constantFrom('10.1.11.1', '10.11.1.1', '2001:db8::1');
const port = fc.constantFrom(22, 443, 1024, 40_000, 40_001, 65_535);
const flow: fc.Arbitrary<Flow> = fc.record({
  minute: fc.integer({ min: -2, max: 22 }),
  account: fc.constantFrom('123456789010', '123456789011'),
  interface: fc.constantFrom('eni-1', 'eni-2'),
  addresses: fc.tuple(address, address),
  ports: fc.oneof({ weight: 5, arbitrary: fc.tuple(port, port) }, fc.constant([0, 0] as const)),
  protocol: fc.constantFrom(6, 17),
  action: fc.constantFrom('ACCEPT', 'REJECT'),
  packets: fc.integer({ min: 1, max: 9 }),
  bytes: fc.integer({ min: 40, max: 9000 }),
  seconds: fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 60, max: 700 })),
});

const seconds = (flow: Flow): readonly [number, number] => {
  const base = START / 1000 + flow.minute * 60;
  return [base + flow.seconds[0], base + flow.seconds[1]];
};

/** The predecessor's rule: what is larger becomes 0, of two equal ones the source's. */
const folded = ([source, destination]: readonly [number, number]): readonly [number, number] =>
  source < destination ? [source, 0] : [0, destination];

/** What is stored with `--ports service`: the same, but a rejected high destination port is kept with the other. */
const served = ({ ports, action }: Flow): readonly [number, number] =>
  action === 'REJECT' && ports[0] < ports[1] ? ports : folded(ports);

/** One row a minute and key, as the digest consumer merges them. */
function rowsOf(flows: readonly Flow[], portsOf: (flow: Flow) => readonly [number, number]): Row[] {
  const groups = Map.groupBy(flows, (f) =>
    JSON.stringify([f.minute, f.account, f.interface, f.addresses, portsOf(f), f.protocol, f.action]),
  );
  return [...groups.values()].map((group) => {
    const [first] = group;
    const [srcport, dstport] = portsOf(first);
    const [srcaddr, dstaddr] = first.addresses;
    return {
      ...{ minute: formatTime(START + first.minute * MINUTE_MS), account_id: first.account },
      ...{ interface_id: first.interface, srcaddr, dstaddr, srcport, dstport, protocol: first.protocol },
      ...{ action: first.action, flows: group.length },
      packets: group.reduce((sum, f) => sum + f.packets, 0),
      bytes: group.reduce((sum, f) => sum + f.bytes, 0),
      start: Math.min(...group.map((f) => seconds(f)[0])),
      end: Math.max(...group.map((f) => seconds(f)[1])),
    };
  });
}

/** Lines of the flows inside the window, sorted by their key fields, each with the times of its own flows. */
function expectedLines(flows: readonly Flow[]): string[] {
  const groups = new Map<
    string,
    { key: (string | number)[]; packets: number; bytes: number; start: number; end: number }
  >();
  for (const f of flows.filter(({ minute }) => minute >= 0 && minute < 20)) {
    const key = [f.account, f.interface, ...f.addresses, ...folded(f.ports), f.protocol, f.action];
    const [start, end] = seconds(f);
    const group = groups.get(key.join(' ')) ?? { key, packets: 0, bytes: 0, start, end };
    groups.set(key.join(' '), {
      key,
      packets: group.packets + f.packets,
      bytes: group.bytes + f.bytes,
      start: Math.min(group.start, start),
      end: Math.max(group.end, end),
    });
  }
  const sorted = [...groups.values()].sort((a, b) => {
    const at = a.key.findIndex((value, i) => value !== b.key[i]);
    return at < 0 ? 0 : a.key[at] < b.key[at] ? -1 : 1;
  });
  return sorted.map(({ key, packets, bytes, start, end }) =>
    ['2', ...key.slice(0, 7), packets, bytes, start, end, key[7], 'OK'].join(' '),
  );
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-lines-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('the lines of a window', async () => {
  let runs = 0;
  const property = fc.asyncProperty(fc.array(flow, { maxLength: 40 }), fc.boolean(), async (flows, all) => {
    runs += 1;
    const store = new DirectoryStore(join(directory, String(runs)));
    const rows = rowsOf(flows, all ? ({ ports }) => ports : served);
    const half = Math.floor(rows.length / 2);
    await putRows(store, 'digests', 'one', rows.slice(0, half));
    await putRows(store, 'digests', 'other', rows.slice(half));
    const service = await openQueryService({ store, clock: new ManualClock(START) });
    try {
      const signal = new AbortController().signal;
      const lines = gunzipSync((await produce(service, 'digest', WINDOW, signal)).body).toString();
      expect(lines.split('\n').slice(0, -1)).toEqual(expectedLines(flows));
      const graph = Buffer.from((await produce(service, 'graph', WINDOW, signal)).body).toString();
      expect(graph.match(/->/g)?.length ?? 0).toBe(expectedLines(flows).length);
    } finally {
      await service.close();
    }
  });
  await fc.assert(property, { numRuns: 12 });
});

test('a result past the limit is refused, and no larger one is held', async () => {
  const store = new DirectoryStore(join(directory, 'limit'));
  const flows = fc.sample(flow, { numRuns: 200, seed: 1 });
  await putRows(
    store,
    'digests',
    'one',
    rowsOf(flows, ({ ports }) => ports),
  );
  const service = await openQueryService({ store, clock: new ManualClock(START) });
  try {
    for (const kind of ['digest', 'graph'] as const) {
      await expect(produce(service, kind, WINDOW, new AbortController().signal, 100)).rejects.toMatchObject({
        code: 'VF_LIMIT',
        message: `the ${kind} of the window is larger than 100 B`,
      });
    }
  } finally {
    await service.close();
  }
});
