// When a window is complete, and how far the store is, over shards that run, end, split and have not begun.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { behindOf, completenessOf, type StreamProgress } from '../../../pipeline/window/completeness.ts';
import { MAX_NAMED } from '../../../schemas/query.ts';

const LATENESS = 20;

interface Shard {
  readonly at?: number; // watermark; none when nobody has begun to read it
  readonly ended?: boolean;
  readonly parents?: readonly string[];
  readonly children?: readonly string[];
  readonly unlisted?: boolean;
}

const stream = (shards: Readonly<Record<string, Shard>>): StreamProgress => ({
  shards: {
    kind: 'shards',
    shards: Object.entries(shards)
      .filter(([, s]) => !s.unlisted)
      .map(([shard, s]) => ({ shard, parents: s.parents ?? [], closed: s.ended ?? false })),
  },
  watermarks: new Map(
    Object.entries(shards).flatMap(([shard, s]) => {
      if (s.at === undefined) return [];
      const { at, ended = false, children = [] } = s;
      return [[shard, { kind: 'watermark', watermark: at, link: null, last: '0', ended, children }]];
    }),
  ),
});

const at = (stop: number, ...streams: StreamProgress[]) => completenessOf(streams, stop, LATENESS);

test('a store that no stream fed is unknown', () => {
  expect(at(100)).toEqual({ complete: null, watermark: null });
  expect(at(100, { shards: null, watermarks: new Map() })).toEqual({ complete: null, watermark: null });
});

test('the slowest shard decides, and lateness is waited for', () => {
  const both = stream({ a: { at: 200 }, b: { at: 120 } });
  expect(at(100, both)).toEqual({ complete: true, watermark: 120 });
  expect(at(101, both)).toEqual({ complete: false, watermark: 120 });
  expect(at(100, both, stream({ c: { at: 119 } }))).toEqual({ complete: false, watermark: 119 });
});

test('an ended shard no longer holds anything up; when all are, the latest is the watermark', () => {
  const shards = { a: { at: 50, ended: true }, b: { at: 120 } };
  expect(at(100, stream(shards))).toEqual({ complete: true, watermark: 120 });
  expect(at(100, stream({ a: { at: 50, ended: true }, b: { at: 60, ended: true } }))).toEqual({
    complete: true,
    watermark: 60,
  });
});

test('a listed shard that nobody reads makes every window incomplete', () => {
  expect(at(0, stream({ a: { at: 500 }, b: {} }))).toEqual({ complete: false, watermark: null });
});

test('children that have not begun are known up to where their parents are', () => {
  const split = {
    a: { at: 300, ended: true, children: ['b', 'c'] },
    b: { parents: ['a'] },
    c: { parents: ['a'], at: 400 },
  };
  expect(at(280, stream(split))).toEqual({ complete: true, watermark: 300 });
  expect(at(281, stream(split))).toEqual({ complete: false, watermark: 300 });
  const merged = { a: { at: 300, ended: true }, b: { at: 250 }, c: { parents: ['a', 'b'] } };
  expect(at(230, stream(merged))).toEqual({ complete: true, watermark: 250 });
});

test('a child that has begun, and has no watermark of its own yet, does not move the store back', () => {
  const split = { a: { at: 300, ended: true, children: ['b'] }, b: { parents: ['a'], at: 0 } };
  expect(at(280, stream(split))).toEqual({ complete: true, watermark: 300 });
  expect(at(0, stream({ a: { at: 0 } }))).toEqual({ complete: false, watermark: null });
});

test('a child that only its parent names counts, and a circle of parents ends', () => {
  const named = { a: { at: 300, ended: true, children: ['b'] } };
  expect(at(281, stream(named))).toEqual({ complete: false, watermark: 300 });
  expect(at(0, stream({ a: { parents: ['b'] }, b: { parents: ['a'] } }))).toEqual({ complete: false, watermark: null });
});

test('a complete window stays complete as watermarks move on, and every earlier one is complete too', () => {
  const marks = fc.array(fc.record({ at: fc.nat(1000), ended: fc.boolean() }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(marks, fc.nat(1000), fc.nat(100), fc.nat(100), (shards, stop, earlier, later) => {
      const named = (by: number) =>
        stream(Object.fromEntries(shards.map((s, i) => [`s${i}`, { at: s.at + by, ended: s.ended }])));
      const now = at(stop, named(0));
      expect(now.complete).toBe(shards.every((s) => s.ended || s.at >= stop + LATENESS));
      if (now.complete) {
        expect(at(stop - earlier, named(0)).complete).toBe(true);
        expect(at(stop, named(later)).complete).toBe(true);
      }
    }),
  );
});

test('the shards that a window waits for are named, those furthest behind first', () => {
  const streams = new Map([
    ['t', stream({ a: { at: 119 }, b: { at: 120 }, c: { at: 90, ended: true }, d: {} })],
    ['s', stream({ a: { at: 90 }, e: { at: 500 } })],
  ]);
  expect(behindOf(streams, 100, LATENESS)).toEqual({
    count: 3,
    shards: [
      { stream: 't', shard: 'd', watermark: null },
      { stream: 's', shard: 'a', watermark: 90 },
      { stream: 't', shard: 'a', watermark: 119 },
    ],
  });
});

test('no shard is behind exactly when a window is complete, and so many are named at most', () => {
  const shard = fc.record({ at: fc.integer({ min: 1, max: 300 }), ended: fc.boolean() });
  fc.assert(
    fc.property(fc.array(shard, { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 300 }), (shards, stop) => {
      const streams = new Map([['s', stream(Object.fromEntries(shards.map((one, i) => [`s${i}`, one])))]]);
      const behind = behindOf(streams, stop, LATENESS);
      expect(behind.count === 0).toBe(at(stop, ...streams.values()).complete);
      expect(behind.shards.length).toBe(Math.min(behind.count, MAX_NAMED));
    }),
  );
});
