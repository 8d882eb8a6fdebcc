// An object of which lines were left out for another feed: it is known from then on, and says so, whatever is asked for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Totals } from '../../../../consumers/backfill/report/totals.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { backfill, flow, stream } from '../two-feeds.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-left-out-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what was left out stays out, also with --overlap add, and is told', async () => {
  const store = new MemoryStore();
  await stream(store, [[flow(0, 'eni-a')]]);
  const path = join(folder, 'both');
  const lines = [flow(0, 'eni-a', 1), flow(1, 'eni-a')];
  expect((await backfill(store, path, lines, { overlap: 'skip' })).parts).toMatchObject([{ flows: 1, skipped: 1 }]);
  const again = await backfill(store, path, lines, { overlap: 'add' });
  expect(again).toEqual({ outcome: 'known', parts: [], leftOut: true });
  const whole = join(folder, 'whole');
  await backfill(store, whole, [flow(2, 'eni-a')]);
  const known = await backfill(store, whole, [flow(2, 'eni-a')]);
  expect(known).toEqual({ outcome: 'known', parts: [] });
  const totals = new Totals();
  for (const one of [again, known]) totals.add({ ...one, bytes: 1 });
  expect([totals.known, totals.leftOut]).toEqual([2, 1]);
});
