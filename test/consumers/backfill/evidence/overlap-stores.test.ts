// A backfill after an outage of the stream, into each kind of store: refused, dry, with the rest left out, and again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openStore } from '../../../../consumers/shared/store/open.ts';
import { createS3Client } from '../../../../consumers/shared/store/s3-client.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { STREAM } from '../../../audited-store.ts';
import { runVpcflow } from '../../../run-vpcflow.ts';
import { s3Environment, startS3Server } from '../../../s3-server.ts';
import { file } from '../flow-files.ts';
import {
  ALL,
  audited,
  backfill,
  flow,
  isMissing,
  partClaims,
  SKIP,
  STREAMED,
  stream,
  sumsOf,
  UNION,
} from '../two-feeds.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-overlap-'));
const server = await startS3Server();
afterAll(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});
let paths = 0;
const path = (): string => join(folder, `${++paths}.log`);

const places: readonly [string, () => Promise<ObjectStore>][] = [
  ['a directory', () => openStore(join(folder, 'store'))],
  [
    'S3',
    async () => {
      for (const [name, value] of Object.entries(s3Environment(server!.endpoint))) vi.stubEnv(name, value);
      const client = await createS3Client();
      await client.send(new CreateBucketCommand({ Bucket: 'vpcflow-overlap' }));
      return openStore('s3://vpcflow-overlap/here');
    },
  ],
];

describe.each(places)('in %s', (place, open) => {
  test.skipIf(place === 'S3' && server === null)('refused, dry, left out, known', async () => {
    const store = await open();
    await stream(store, STREAMED);
    const [refused, other] = [path(), path()];
    const lines = sumsOf(ALL.filter((line) => !isMissing(line)));
    await expect(backfill(store, refused, ALL)).rejects.toMatchObject({
      code: 'VF_OVERLAP',
      message:
        `${basename(refused)}: ${lines.flows + lines.nodata + lines.skipdata} of 71 lines are of interfaces and minutes that ` +
        `stream ${STREAM} has, too (eni-a, eni-bb, eni-quiet; 2026-11-20T05:55:00Z to 2026-11-20T06:05:00Z)`,
    });
    expect(await partClaims(store)).toEqual([]);
    const dry = await backfill(store, refused, ALL, { overlap: 'skip', dryRun: true });
    expect(dry.parts.map(({ skipped }) => skipped)).toEqual([46]);
    expect(await partClaims(store)).toEqual([]);
    // Another object that has nothing in common is taken.
    const apart = [flow(30, 'eni-a'), flow(4, 'eni-other')];
    await backfill(store, other, apart);

    const { parts } = await backfill(store, refused, ALL, { overlap: 'skip' });
    const taken = sumsOf(ALL.filter(isMissing));
    expect(parts).toMatchObject([
      {
        ...{ lines: 71, skipped: 46, flows: Number(taken.flows), nodata: Number(taken.nodata), skipdata: 0 },
        ...{ packets: taken.packets, bytes: taken.bytes },
      },
    ]);
    expect((await partClaims(store)).map(({ skip, feed }) => [skip, feed])).toContainEqual([SKIP, undefined]);
    expect(await audited(store)).toEqual(sumsOf([...UNION, ...apart]));
    expect((await backfill(store, refused, ALL, { overlap: 'add' })).outcome).toBe('known');
    expect(await audited(store)).toEqual(sumsOf([...UNION, ...apart]));
  });
});

test('as a command: the other files are taken, the status is 1, and what is left out is told and audited', async () => {
  const at = join(folder, 'commanded');
  await stream(await openStore(at), STREAMED);
  const [both, apart] = [join(folder, 'both.log'), join(folder, 'apart.log')];
  file(both, `${ALL.join('\n')}\n`);
  file(apart, `${flow(4, 'eni-other')}\n`);
  const command = (...args: readonly string[]) => runVpcflow(['backfill', both, apart, '--store', at, ...args]);
  const dry = await command('--dry-run');
  expect([dry.status, dry.stderr]).toEqual([1, expect.stringContaining('(VF_OVERLAP)')]);
  const refused = await command();
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining(`both.log: 46 of 71 lines are of interfaces and minutes that stream ${STREAM} has, too`),
  ]);
  expect(refused.stderr).toContain('pass --overlap skip');
  expect((await partClaims(await openStore(at))).map(({ name }) => name)).toEqual([apart]);
  const taken = await command('--overlap', 'skip');
  expect([taken.status, taken.stderr]).toEqual([0, expect.stringContaining('46 skipped')]);
  expect(await audited(await openStore(at))).toEqual(sumsOf([...UNION, flow(4, 'eni-other')]));
});
