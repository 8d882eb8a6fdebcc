// What is staged is durable and bounded; what finds no room is counted and told, and never stands in the way.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spool } from '../../../../consumers/shared/forward/spool.ts';
import { until } from '../../../until.ts';
import { ForwardBed } from './bed.ts';
import { commit, epoch } from './epochs.ts';

let bed: ForwardBed;
beforeEach(async () => {
  bed = await ForwardBed.open();
});
afterEach(async () => {
  await bed.close();
});

test('an entry holds the objects as they are, and says whose they are', async () => {
  const one = await epoch(1, 20, 3);
  await commit(bed.store, one, bed.stager());
  const spool = new Spool(bed.spool);
  const [entry] = await spool.list();
  expect(entry).toMatchObject({ state: 'ready', rows: 23 });
  const open = await spool.open(entry!);
  const objects = one.output.objects.filter(({ table }) => table === 'digests' || table === 'rejects');
  expect(open.head).toEqual({
    ...{ source: one.head.source, commit: one.commit },
    objects: objects.map(({ key, table, rows, body }) => ({ key, table, rows, bytes: body.length })),
  });
  const bodies = await Array.fromAsync(open.bodies());
  expect(bodies.map((body) => Buffer.from(body))).toEqual(objects.map(({ body }) => Buffer.from(body)));
  await open.close();
});

test.for([
  ['digests', 20],
  ['rejects', 3],
  ['both', 23],
] as const)('--forward-what %s', async ([what, rows]) => {
  await commit(bed.store, await epoch(1, 20, 3), bed.stager({ what }));
  expect(await new Spool(bed.spool).list()).toMatchObject([{ rows }]);
});

test('an epoch without anything to forward leaves no file', async () => {
  expect(await commit(bed.store, await epoch(1, 20), bed.stager({ what: 'rejects' }))).toBe('committed');
  expect(await new Spool(bed.spool).list()).toEqual([]);
  expect(bed.counts).toEqual({});
});

test('what an epoch that is given up had staged is removed', async () => {
  const one = await epoch(1, 20);
  const staged = await bed.stager().stage({ ...one, source: one.head.source, arrival: one.head.arrival });
  expect((await bed.files('staged')).length).toBe(1);
  await staged.discard();
  expect(await new Spool(bed.spool).list()).toEqual([]);
});

test('full: what comes is committed, counted and told once a minute with its time; what waits is kept', async () => {
  const [first, second, third] = [await epoch(1, 20, 1), await epoch(2, 30, 2), await epoch(3, 40)];
  const [size] = [first, second].map(({ output }) =>
    output.objects.filter(({ table }) => table !== 'identities').reduce((sum, { body }) => sum + body.length, 0),
  );
  const stager = bed.stager({ limit: size! + 10 });
  for (const one of [first, second, third]) expect(await commit(bed.store, one, stager)).toBe('committed');
  expect(await new Spool(bed.spool).list()).toMatchObject([{ rows: 21, state: 'ready' }]);
  expect(bed.counts).toEqual({ forwardDropped: 72 });
  expect(bed.said).toMatchObject([
    { level: 'warn', fields: { rows: 32, from: '2026-11-20T06:00:00Z', to: '2026-11-20T06:00:59Z' } },
  ]);
  bed.clock.ahead = 61_000;
  await commit(bed.store, await epoch(4, 1), stager);
  expect(bed.said[1]).toMatchObject({ fields: { rows: 40, from: '2026-11-20T06:01:00Z' } });
  stager.close();
  expect(bed.said[2]).toMatchObject({ fields: { rows: 1, from: '2026-11-20T06:02:00Z' } });
  bed.sender(); // there is room again
  await until('the spool is empty', async () => (await bed.files('ready')).length === 0);
  await commit(bed.store, await epoch(5, 2), stager);
  await until('it is sent', () => bed.firehose.records.length === 23);
});

test('a spool that cannot be written: the epoch is committed, and counted as dropped', async () => {
  await writeFile(bed.spool, 'a file where the directory should be');
  const one = await epoch(1, 20, 1);
  expect(await commit(bed.store, one, bed.stager())).toBe('committed');
  expect(bed.counts).toEqual({ forwardDropped: 21 });
  expect(bed.said).toMatchObject([{ level: 'warn', fields: { why: expect.stringMatching(/ENOTDIR|EEXIST/) } }]);
});

test('a process that stood still until its entry was given up stages it again', async () => {
  const one = await epoch(1, 20);
  const stager = bed.stager();
  const staged = await stager.stage({ ...one, source: one.head.source, arrival: one.head.arrival });
  const spool = new Spool(bed.spool);
  await spool.remove((await spool.list())[0]!);
  await staged.release();
  expect(await spool.list()).toMatchObject([{ rows: 20, state: 'ready' }]);
});

test('an entry that cannot be released stays staged, and is told', async () => {
  const one = await epoch(1, 20);
  const staged = await bed.stager().stage({ ...one, source: one.head.source, arrival: one.head.arrival });
  const [name] = await bed.files('staged');
  await mkdir(join(bed.spool, name!.replace('.staged', '.ready'), 'in the way'), { recursive: true });
  await staged.release();
  expect((await bed.files('staged')).length).toBe(1);
  expect(bed.said).toMatchObject([{ level: 'warn' }]);
});
