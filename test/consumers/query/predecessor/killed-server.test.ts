// A server that is killed in the middle of a job, on S3: another one waits for its time to be over and does the job.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { S3Store } from '../../../../consumers/shared/store/s3.ts';
import { createS3Client } from '../../../../consumers/shared/store/s3-client.ts';
import { markerKey, resultKey, windowId } from '../../../../pipeline/predecessor/window-id.ts';
import { startVpcflow } from '../../../run-vpcflow.ts';
import { startS3Proxy } from '../../../s3-proxy.ts';
import { s3Environment, startS3Server } from '../../../s3-server.ts';
import { until } from '../../../until.ts';
import { putGoldenStore } from '../golden-store.ts';
import { startServer } from '../serving.ts';
import { ask, digestOf, fetchResult, keysOf, windowQuery } from './client.ts';

const BUCKET = 'vpcflow-windows';
const TIMEOUT = 2000; // ms
const QUARTER = windowQuery('2026-11-20T05:00:00Z', '2026-11-20T05:15:00Z');
const WINDOW = { start: Date.parse('2026-11-20T05:00:00Z'), stop: Date.parse('2026-11-20T05:15:00Z') };

const s3 = await startS3Server();
afterAll(async () => {
  vi.unstubAllEnvs();
  await s3?.stop();
});

describe.skipIf(s3 === null)('a server that is killed', () => {
  test('loses its job to another, once its time is over', async () => {
    if (s3 === null) return;
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-killed-'));
    for (const [name, value] of Object.entries(s3Environment(s3.endpoint))) vi.stubEnv(name, value);
    const client = await createS3Client();
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const store = new S3Store(client, BUCKET, 'flows');
    await putGoldenStore(store);
    const proxy = await startS3Proxy(s3.port);
    let held = 0;
    proxy.fault = ({ method, key }) => {
      if (method !== 'GET' || !key.includes('/digests/')) return null;
      held += 1;
      return new Promise(() => {}); // for ever: the job is in the middle of it
    };
    const doomed = startVpcflow(['query', '--store', store.uri, '--port', '0', '--job-timeout', `${TIMEOUT / 1000}s`], {
      ...s3Environment(proxy.endpoint),
      XDG_CACHE_HOME: join(directory, 'doomed'),
    });
    let ahead = 0; // ms
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    const other = await startServer({
      ...{ store, clock, jobTimeout: TIMEOUT, cacheDirectory: join(directory, 'other') },
    });
    try {
      const url = await until('an address', () => {
        if (doomed.process.exitCode !== null) throw new Error(doomed.stderr());
        return /http:\/\/127\.0\.0\.1:\d+/.exec(doomed.stderr())?.[0];
      });
      expect((await ask('POST', `${url}/digest?${QUARTER}`)).status).toBe(202);
      await until('the job reads', () => held > 0);
      expect((await ask('GET', `${other.url}/digest?${QUARTER}`)).status).toBe(204);
      // Three refreshes are one timeout: after a fourth it would have been over.
      const marks = new Set<string>();
      await until('its marker is kept alive', async () => {
        expect((await ask('POST', `${other.url}/digest?${QUARTER}`)).status).toBe(409);
        marks.add(String((await store.get(markerKey(windowId('digest', WINDOW))))?.body));
        return marks.size > 4;
      });
      const graphs = await Promise.all(Array.from({ length: 8 }, () => ask('POST', `${other.url}/graph?${QUARTER}`)));
      expect(graphs.map(({ status }) => status).sort()).toEqual([202, ...Array(7).fill(409)]);
      expect((await fetchResult(`${other.url}/graph`, QUARTER)).body.toString()).toMatch(/^digraph \{\n/);
      doomed.process.kill('SIGKILL');
      await doomed.ended;
      ahead = TIMEOUT;
      expect(await store.get(markerKey(windowId('digest', WINDOW)))).not.toBeNull();
      await until('it may be taken over', async () => {
        const { status } = await ask('POST', `${other.url}/digest?${QUARTER}`);
        expect([202, 409]).toContain(status);
        return status === 202;
      });
      expect(digestOf(await fetchResult(`${other.url}/digest`, QUARTER))).toMatch(/^2 123456789012 /);
      expect((await ask('POST', `${other.url}/digest?${QUARTER}`)).status).toBe(409);
      const kinds = ['digest', 'graph'] as const;
      expect(await keysOf(store, 'windows/')).toEqual(
        kinds.map((kind) => resultKey(kind, windowId(kind, WINDOW))).sort(),
      );
    } finally {
      doomed.process.kill('SIGKILL');
      await other.close();
      await proxy.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
