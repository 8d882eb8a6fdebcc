// The simulated network: deterministic, fair to both witnesses of a flow, made of harmless addresses, with its story in it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../pipeline/simulation/random.ts';
import { VERSION_2 } from '../../../pipeline/simulation/record.ts';
import { attacker, controller, SCENES, STORY_SECONDS } from '../../../pipeline/simulation/story.ts';
import { BACKUP_MINUTE } from '../../../pipeline/simulation/traffic.ts';
import { host, INTERFACES } from '../../../pipeline/simulation/world.ts';
import { publications, type Row, rows, START } from './simulated.ts';

const stretch = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  start: fc.integer({ min: START, max: START + 7200 }),
  seconds: fc.integer({ min: 1, max: 200 }),
  rate: fc.constantFrom(1, 20, 100, 1500, 12_000),
  anchor: fc.integer({ min: START - 3000, max: START }),
});
/** The work of a case stays about the same at any rate. */
const bounded = stretch.map((one) => ({ ...one, seconds: Math.min(one.seconds, Math.ceil(24_000 / one.rate)) }));

test('the same arguments give the same bytes; another seed gives others', () => {
  fc.assert(
    fc.property(bounded, (one) => {
      expect(publications(one)).toEqual(publications(one));
    }),
    { numRuns: 10 },
  );
  const one = { seed: 1, start: START, seconds: 5, rate: 300 };
  expect(publications(one)).not.toEqual(publications({ ...one, seed: 2 }));
});

test('both witnesses of a conversation inside the VPC agree on its packets and bytes in every minute', () => {
  const inside = new Set(INTERFACES.map(({ name }) => host(name).address));
  fc.assert(
    fc.property(bounded, (one) => {
      const sums = new Map<string, Map<string, [number, number]>>();
      for (const r of rows(one)) {
        if (r['log-status'] !== 'OK' || r.action !== 'ACCEPT') continue;
        if (!inside.has(r.srcaddr!) || !inside.has(r.dstaddr!) || r['pkt-srcaddr'] !== r.srcaddr) continue;
        // One interface of the gateway logs a translated packet twice; it is not a witness of its own second leg.
        if (r['pkt-dstaddr'] !== r.dstaddr) continue;
        const minute = Math.floor(Number(r.start) / 60);
        const key = [minute, r.srcaddr, r.dstaddr, r.srcport, r.dstport, r.protocol].join(' ');
        const witnesses = sums.get(key) ?? new Map<string, [number, number]>();
        const [packets, bytes] = witnesses.get(r['interface-id']!) ?? [0, 0];
        witnesses.set(r['interface-id']!, [packets + Number(r.packets), bytes + Number(r.bytes)]);
        sums.set(key, witnesses);
      }
      for (const [key, witnesses] of sums) {
        if (witnesses.size < 2) continue; // the other end's security group rejected it, and it was logged there so
        const [first, second] = [...witnesses.values()];
        expect(second, key).toEqual(first);
      }
    }),
    { numRuns: 15 },
  );
});

test('every line is whole: within its interval, its minute and its interface; starts ascend', () => {
  fc.assert(
    fc.property(bounded, (one) => {
      for (const { at, begin, end, lines, starts } of publications(one)) {
        expect(lines.length).toBe(starts.length);
        expect(lines.length).toBeGreaterThan(0);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
        expect(starts[0]).toBeGreaterThanOrEqual(begin);
        expect(starts.at(-1)).toBeLessThan(end);
        for (const line of lines) {
          expect(line).toContain(` ${at.id} `);
          expect(line).toMatch(/^5( [^ ]+){26}$/);
        }
      }
      for (const r of rows(one)) {
        expect(Number(r.end)).toBeGreaterThanOrEqual(Number(r.start));
        if (r['log-status'] !== 'OK') continue;
        expect(Math.floor(Number(r.end) / 60)).toBe(Math.floor(Number(r.start) / 60));
        expect(Number(r.packets)).toBeGreaterThan(0);
        expect(Number(r.bytes)).toBeGreaterThanOrEqual(Number(r.packets) * 40);
        expect(r['flow-direction'] === 'egress').toBe(r['traffic-path'] !== '-');
      }
    }),
    { numRuns: 10 },
  );
});

test('only private and documentation addresses occur', () => {
  const harmless = /^(10\.0\.\d+\.\d+|192\.0\.2\.\d+|198\.51\.100\.\d+|203\.0\.113\.\d+|2001:db8:[0-9a-f:]+|-)$/;
  const used = new Set<string>();
  for (const r of rows({ seed: 3, start: START, seconds: STORY_SECONDS, rate: 300 })) {
    for (const field of ['srcaddr', 'dstaddr', 'pkt-srcaddr', 'pkt-dstaddr']) used.add(r[field]!);
  }
  expect([...used].filter((address) => !harmless.test(address))).toEqual([]);
  expect([...used].some((address) => address.includes(':'))).toBe(true);
});

test('about as many lines as asked for, at any rate, and the same in version 2', () => {
  for (const rate of [10, 300, 5_000]) {
    const seconds = rate > 1000 ? 60 : 420;
    const lines = publications({ seed: 5, start: START - (START % 420), seconds, rate }).flatMap((one) => one.lines);
    expect(lines.length / seconds / rate).toBeGreaterThan(0.8);
    expect(lines.length / seconds / rate).toBeLessThan(1.25);
  }
  const one = { seed: 5, start: START, seconds: 90, rate: 300 };
  const full = rows(one);
  const plain = publications({ ...one, format: VERSION_2 }).flatMap(({ lines }) => lines);
  const fields = ['account-id', 'interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'packets'];
  const text = (r: Row): string =>
    ['2', ...[...fields, 'bytes', 'start', 'end', 'action', 'log-status'].map((field) => r[field])].join(' ');
  expect(plain).toEqual(full.map(text));
});

describe('one story', () => {
  const all = rows({ seed: 11, start: START, seconds: STORY_SECONDS, rate: 300 });
  const [villain, home] = [attacker(0).address, controller(0).address];
  const between = (scene: keyof typeof SCENES, r: Row): boolean =>
    Number(r.start) >= START + SCENES[scene].from && Number(r.start) < START + SCENES[scene].until;
  const ok = all.filter((r) => r['log-status'] === 'OK');

  test('one address tries SSH, is turned away, and is let in once the port is open', () => {
    const tries = ok.filter((r) => r.srcaddr === villain && r.dstport === '22');
    const early = tries.filter((r) => Number(r.start) < START + SCENES.portOpen.from);
    expect(early.length).toBeGreaterThan(100);
    expect(early.every((r) => r.action === 'REJECT')).toBe(true);
    const later = tries.filter((r) => between('portOpen', r));
    expect(later.length).toBeGreaterThan(100);
    expect(later.every((r) => r.action === 'ACCEPT')).toBe(true);
    expect(tries.every((r) => between('bruteForce', r) || between('session', r) || between('containment', r))).toBe(
      true,
    );
  });

  test('the bastion calls an address that nobody called before, until it is quarantined', () => {
    const calls = ok.filter((r) => r.dstaddr === home && r.dstport === '4444');
    expect(calls.every((r) => r.srcaddr === host('bastion').address && between('beacon', r))).toBe(true);
    expect(calls.filter((r) => r.action === 'ACCEPT').length).toBeGreaterThan(20);
    expect(calls.filter((r) => r.action === 'REJECT').length).toBeGreaterThan(2);
  });

  test('rejects inside the VPC appear with the lateral movement', () => {
    const inner = ok.filter(
      (r) => r.action === 'REJECT' && r.srcaddr === host('bastion').address && r.dstaddr !== home,
    );
    expect(inner.length).toBeGreaterThan(100);
    expect(inner.every((r) => between('lateral', r))).toBe(true);
  });

  test('data leave through the NAT gateway, seen with both addresses', () => {
    const out = ok.filter((r) => r['pkt-dstaddr'] === home && r.dstport === '443');
    const bytes = (r: readonly Row[]): number => r.reduce((sum, one) => sum + Number(one.bytes), 0);
    const legs = new Map(Map.groupBy(out, (r) => `${r.srcaddr}>${r.dstaddr}`));
    expect([...legs.keys()].sort()).toEqual([`10.0.1.220>${home}`, '10.0.21.12>10.0.1.220', `10.0.21.12>${home}`]);
    const [first, ...others] = [...legs.values()].map(bytes);
    expect(first).toBeGreaterThan(100_000_000);
    expect(others).toEqual([first, first]);
  });

  test('idle interfaces say NODATA once an interval; SKIPDATA is rare', () => {
    const spare = all.filter((r) => r['interface-id'] === host('spare-1').port!.id);
    expect(spare.length).toBeGreaterThanOrEqual(STORY_SECONDS / 60);
    expect(spare.every((r) => r['log-status'] === 'NODATA' && r.srcaddr === '-' && r.bytes === '-')).toBe(true);
    const skipped = all.filter((r) => r['log-status'] === 'SKIPDATA').length;
    expect(skipped).toBeLessThan(20);
    const many = rows({ seed: 11, start: START, seconds: 3600, rate: 20 });
    expect(many.filter((r) => r['log-status'] === 'SKIPDATA').length).toBeGreaterThan(0);
  });

  test('it comes again after twelve minutes, with somebody else', () => {
    const again = rows({ seed: 11, start: START + STORY_SECONDS, anchor: START, seconds: 120, rate: 300 });
    expect(again.some((r) => r.srcaddr === attacker(1).address)).toBe(true);
    expect(again.some((r) => r.srcaddr === villain)).toBe(false);
  });
});

test('the backup happens in its minute and no other', () => {
  const start = START - (START % 3600) + (BACKUP_MINUTE - 1) * 60;
  const copies = rows({ seed: 2, start, seconds: 180, rate: 300 }).filter((r) => r.dstport === '873');
  expect(copies.length).toBeGreaterThan(60);
  expect(new Set(copies.map((r) => Math.floor(Number(r.start) / 60) % 60))).toEqual(new Set([BACKUP_MINUTE]));
});

test('random numbers keep within their bounds and to their means', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 1000 }), (seed, n) => {
      const random = new Random(seed, n);
      const value = random.below(n);
      expect(value >= 0 && value < n && Number.isInteger(value)).toBe(true);
    }),
  );
  const random = new Random(1);
  const mean = Array.from({ length: 10_000 }, () => random.times(2.3)).reduce((a, b) => a + b) / 10_000;
  expect(mean).toBeCloseTo(2.3, 1);
});
