// Two thousand small objects in S3, of every framing, into a store in S3: killed in the middle, run again, run once more.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, expect, test, vi } from 'vitest';
import { createS3Client } from '../../../consumers/shared/store/s3-client.ts';
import { runVpcflow, startVpcflow } from '../../run-vpcflow.ts';
import { type ProxiedRequest, startS3Proxy } from '../../s3-proxy.ts';
import { s3Environment, startS3Server } from '../../s3-server.ts';
import { until } from '../../until.ts';
import { flowObjects, putAll } from './flow-objects.ts';

const [SOURCES, STORE] = ['flow-logs', 'flow-store'];
const OBJECTS = 2000;

const spools = mkdtempSync(join(tmpdir(), 'vpcflow-spools-'));
const server = await startS3Server();
const proxy = server === null ? null : await startS3Proxy(server.port);
afterAll(async () => {
  vi.unstubAllEnvs();
  await proxy?.stop();
  await server?.stop();
  rmSync(spools, { recursive: true, force: true });
});

const isOfSource = ({ method, bucket, key }: ProxiedRequest): boolean =>
  method === 'GET' && bucket === SOURCES && key !== '';

test.skipIf(server === null || proxy === null)(
  'totals are exact, and what is there is not read again',
  async () => {
    if (server === null || proxy === null) return;
    const direct = { ...s3Environment(server.endpoint), TMPDIR: spools };
    for (const [name, value] of Object.entries(s3Environment(server.endpoint))) vi.stubEnv(name, value);
    const client = await createS3Client();
    for (const Bucket of [SOURCES, STORE]) await client.send(new CreateBucketCommand({ Bucket }));
    const { objects, total } = flowObjects(OBJECTS);
    await putAll(client, SOURCES, objects);

    const command = ['backfill', '--store', `s3://${STORE}/flows`, `s3://${SOURCES}/`];
    const first = startVpcflow(command, direct);
    const commits = async (): Promise<number> => {
      const list = new ListObjectsV2Command({ Bucket: STORE, Prefix: 'flows/commits/' });
      return (await client.send(list)).KeyCount ?? 0;
    };
    await until('some hundred are committed', async () => (await commits()) > 300, 120);
    first.process.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    expect(readdirSync(spools)).not.toEqual([]); // nobody could clean up

    const second = await runVpcflow(command, direct);
    expect(second.status).toBe(0);
    expect(readdirSync(spools)).toEqual([]);
    const [, loaded, known] = /^2,000 objects: ([\d,]+) loaded, ([\d,]+) already there$/m.exec(second.stderr) ?? [];
    expect(Number(loaded?.replace(',', '')) + Number(known?.replace(',', ''))).toBe(OBJECTS);
    expect(Number(known?.replace(',', ''))).toBeGreaterThan(250);

    const audit = await runVpcflow(['audit', '--store', `s3://${STORE}/flows`, '--format', 'json'], direct);
    const bytes = 100 * ((total * (total + 1)) / 2);
    expect(JSON.parse(audit.stdout)).toMatchObject({
      ...{ ok: true, objects: OBJECTS, records: OBJECTS, lines: total, flows: total, bytes, gaps: [] },
    });

    const third = await runVpcflow(command, { ...direct, ...s3Environment(proxy.endpoint) });
    expect([third.status, third.stderr.split('\n')[0]]).toEqual([0, '2,000 objects: 0 loaded, 2,000 already there']);
    expect(proxy.requests.filter(isOfSource)).toEqual([]);
    expect(proxy.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
    client.destroy();
  },
  300_000,
);
