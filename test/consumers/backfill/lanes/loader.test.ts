// The loader with its lanes and a directory store: many files at once, copies, a problem of one, the end of all.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isOfOneObject, Loader } from '../../../../consumers/backfill/lanes/loader.ts';
import { Totals } from '../../../../consumers/backfill/report/totals.ts';
import type { FileSource } from '../../../../consumers/backfill/source-object.ts';
import { ensureLayout } from '../../../../consumers/shared/store/layout.ts';
import { openStore } from '../../../../consumers/shared/store/open.ts';
import { DEFAULT_FEED } from '../../../../schemas/chain.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import { file, text } from '../flow-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-loader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = async (
  name: string,
  more: { dryRun?: boolean; onBytes?: (count: number) => void } = {},
): Promise<Loader> => {
  const store = join(folder, name);
  await ensureLayout(await openStore(store));
  const of = { store, settings: DEFAULT_SETTINGS, asNew: false, feed: DEFAULT_FEED, overlap: 'refuse' } as const;
  return Loader.open({ ...of, dryRun: false, role: null, externalId: null, onBytes: () => {}, ...more });
};

const source = (name: string, content: string): FileSource => ({
  ...{ kind: 'file', name: file(join(folder, 'files', name), content) },
  size: Buffer.byteLength(content),
});

test('many at once are each loaded once, a copy is known, and a problem is of its object alone', async () => {
  let bytes = 0;
  const loader = await open('many', {
    onBytes: (count) => {
      bytes += count;
    },
  });
  const sources = Array.from({ length: 40 }, (_, i) => source(`${i}.log`, text(5, 5 * Math.floor(i / 2))));
  const missing: FileSource = { kind: 'file', name: join(folder, 'missing'), size: 1 };
  const [gone, ...results] = await Promise.allSettled([missing, ...sources].map((one) => loader.load(one)));
  expect(gone).toMatchObject({ status: 'rejected', reason: { code: 'VF_SOURCE_UNREADABLE' } });
  const totals = new Totals();
  for (const result of results) if (result.status === 'fulfilled') totals.add(result.value);
  expect([totals.loaded, totals.known, totals.counts.flows]).toEqual([20, 20, 100]);
  expect(bytes).toBe(2 * sources.reduce((sum, { size }) => sum + size, 0));
  await loader.close();
});

test('a dry run knows a copy of what it has read', async () => {
  const loader = await open('dry', { dryRun: true });
  const [one, two] = [source('one', text(3)), source('two', text(3))];
  expect([(await loader.load(one)).outcome, (await loader.load(two)).outcome]).toEqual(['loaded', 'known']);
  await loader.close();
});

test('closed, it gives up what is under way and takes nothing more', async () => {
  const loader = await open('closed');
  const under = Array.from({ length: 30 }, (_, i) => loader.load(source(`closed-${i}`, text(2000, 2000 * i))));
  const ends = Promise.allSettled(under);
  await loader.close();
  for (const end of await ends) expect(end.status).toBe('rejected');
  await expect(loader.load(source('late', text(1)))).rejects.toThrow('closed');
});

test('of one object is what says nothing of the next', () => {
  const of = (code: 'VF_OVERLAP' | 'VF_NAME_REUSED' | 'VF_STORE_UNREACHABLE' | 'VF_CHAIN_BROKEN' | 'VF_SERVICE') =>
    isOfOneObject(new VpcflowError(code, 'x'));
  expect([of('VF_OVERLAP'), of('VF_NAME_REUSED')]).toEqual([true, true]);
  expect([of('VF_STORE_UNREACHABLE'), of('VF_CHAIN_BROKEN'), of('VF_SERVICE')]).toEqual([false, false, false]);
  expect(isOfOneObject(new Error('a lane ended'))).toBe(false);
});
