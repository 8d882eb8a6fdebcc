// More small objects of S3 than a page of a listing holds, of every framing: a run that is killed in the middle, run again,
// run once more; and a store in S3 that goes through the same with fewer.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openStore } from '../../../../consumers/shared/store/open.ts';
import { createS3Client } from '../../../../consumers/shared/store/s3-client.ts';
import { formatCount } from '../../../../pipeline/quantities.ts';
import { runVpcflow, startVpcflow } from '../../../run-vpcflow.ts';
import { type ProxiedRequest, startS3Proxy } from '../../../s3-proxy.ts';
import { s3Environment, startS3Server } from '../../../s3-server.ts';
import { until } from '../../../until.ts';
import { flowObjects, putAll } from '../flow-objects.ts';

const [MANY, FEW, STORE] = ['many-flow-logs', 'few-flow-logs', 'flow-store'];

const directory = mkdtempSync(join(tmpdir(), 'vpcflow-scale-'));
const server = await startS3Server();
const proxy = server === null ? null : await startS3Proxy(server.port);
let client: S3Client;
beforeAll(async () => {
  if (server === null) return;
  for (const [name, value] of Object.entries(s3Environment(server.endpoint))) vi.stubEnv(name, value);
  client = await createS3Client();
  for (const Bucket of [MANY, FEW, STORE]) await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  client?.destroy();
  vi.unstubAllEnvs();
  await proxy?.stop();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe.skipIf(server === null || proxy === null)('totals are exact, and what is there is not read again', () => {
  // A store in S3 costs the server, which is a single process, some ten requests an object.
  test.for([
    { count: 1200, bucket: MANY, store: join(directory, 'store'), killedAt: 300 },
    { count: 200, bucket: FEW, store: `s3://${STORE}/flows`, killedAt: 40 },
  ])('$count objects of $bucket', { timeout: 300_000 }, async ({ count, bucket, store, killedAt }) => {
    if (server === null || proxy === null) return;
    const spools = mkdtempSync(join(directory, 'spools-'));
    const direct = { ...s3Environment(server.endpoint), TMPDIR: spools };
    const { objects, total } = flowObjects(count);
    await putAll(client, bucket, objects);

    const command = ['backfill', '--store', store, `s3://${bucket}/`];
    const first = startVpcflow(command, direct);
    const stored = await openStore(store);
    const commits = async (): Promise<number> => (await Array.fromAsync(stored.list('commits/'))).length;
    await until('some are committed', async () => (await commits()) > killedAt, 120);
    first.process.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    expect(readdirSync(spools)).not.toEqual([]); // nobody could clean up

    const second = await runVpcflow(command, direct);
    expect(second.status, second.stderr).toBe(0);
    expect(readdirSync(spools)).toEqual([]);
    const numbers = /^[\d,]+ objects: ([\d,]+) loaded, ([\d,]+) already there$/m.exec(second.stderr) ?? [];
    const [loaded = 0, known = 0] = numbers.slice(1).map((text) => Number(text.replace(',', '')));
    expect(loaded + known).toBe(count);
    expect(known).toBeGreaterThan(0.8 * killedAt);

    const audit = await runVpcflow(['audit', '--store', store, '--format', 'json'], direct);
    const bytes = 100 * ((total * (total + 1)) / 2);
    expect(JSON.parse(audit.stdout)).toMatchObject({
      ...{ ok: true, objects: count, records: count, lines: total, flows: total, bytes, gaps: [] },
    });

    proxy.requests.length = 0;
    const third = await runVpcflow(command, { ...direct, ...s3Environment(proxy.endpoint) });
    const all = formatCount(count);
    expect([third.status, third.stderr.split('\n')[0]]).toEqual([0, `${all} objects: 0 loaded, ${all} already there`]);
    const isRead = ({ method, bucket: of, key }: ProxiedRequest): boolean =>
      method === 'GET' && of === bucket && key !== '';
    expect(proxy.requests.length).toBeGreaterThan(0);
    expect(proxy.requests.filter(isRead)).toEqual([]);
    expect(proxy.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });
});
