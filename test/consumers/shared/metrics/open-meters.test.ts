// The meter of a worker as its options have it: /metrics and /healthz over HTTP, StatsD, and the totals of its last line.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { type Meters, openMeters } from '../../../../consumers/shared/metrics/open-meters.ts';
import type { Clock } from '../../../../schemas/clock.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { until } from '../../../until.ts';
import { recordedLog } from './recorded-log.ts';
import { StatsdServer } from './statsd-server.ts';

const none = { metricsPort: null, statsd: null, statsdTags: [] };

/** Opens, runs, and closes whatever happens. */
const opened = async (
  options: Partial<Parameters<typeof openMeters>[0]>,
  clock: Clock,
  use: (meters: Meters) => Promise<void>,
): Promise<void> => {
  const meters = await openMeters({ ...none, ...options }, recordedLog().log, clock);
  try {
    await use(meters);
  } finally {
    await meters.close();
  }
};

const get = async (url: string): Promise<{ status: number; type: string | null; body: string }> => {
  const answer = await fetch(url);
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
};

test('without options nothing listens, and the totals are kept', async () => {
  await opened({}, systemClock, async ({ meter, url, totals }) => {
    meter.count('flows', 3, { shard: 'a' });
    meter.count('flows', 4, { shard: 'b' });
    meter.count('rejects', 1, { shard: 'b', reason: 'bad_time' });
    meter.forget('a');
    expect(url).toBeNull();
    expect(totals()).toMatchObject({ flows: 7, rejects: 1, lines: 0, epochs: 0 });
  });
});

test('Prometheus and StatsD are told the same, beside the metrics of the process', async () => {
  await using server = await StatsdServer.start();
  const options = { metricsPort: 0, statsd: `127.0.0.1:${server.port}`, statsdTags: ['env:test'] };
  await opened(options, systemClock, async ({ meter, url, totals }) => {
    meter.count('flows', 3, { shard: 'a' });
    const { status, type, body } = await get(`${url}/metrics`);
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(body.split('\n')).toContain('vpcflow_flows_total{shard="a"} 3');
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(totals().flows).toBe(3);
    await until('the packet', () => server.lines.includes('vpcflow.flows:3|c|#shard:a,env:test'));
  });
});

test('is healthy as long as every shard that it holds is heard of', async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 20, 5, 0, 0));
  await opened({ metricsPort: 0 }, clock, async ({ meter, url }) => {
    const health = async () => {
      const { status: http, body } = await get(`${url}/healthz`);
      return { http, ...JSON.parse(body) };
    };
    const nothing = { millisBehindLatest: null, watermark: null, stalled: [] };
    meter.count('checkpoints', 1, { shard: 'gone' }); // a late counter makes no shard ours
    meter.set('children', 2, {});
    expect(await health()).toEqual({ http: 503, status: 'starting', shards: 0, ...nothing });
    expect((await get(`${url}/metrics`)).body.split('\n')).toContain('vpcflow_engine_up 0');
    meter.set('watermark', clock.now() / 1000 - 60, { shard: 'a' });
    meter.set('millisBehindLatest', 0, { shard: 'a' });
    meter.set('watermark', clock.now() / 1000 - 90, { shard: 'b' });
    meter.set('millisBehindLatest', 700, { shard: 'b' });
    const both = { shards: 2, millisBehindLatest: 700, watermark: '2026-11-20T04:58:30.000Z' };
    await clock.advance(300_000);
    meter.count('records', 0, { shard: 'a' }); // an empty batch
    expect(await health()).toEqual({ http: 200, status: 'ok', ...both, stalled: [] });
    await clock.advance(1);
    const answer = await get(`${url}/healthz`);
    expect(answer).toEqual({
      status: 503,
      type: 'application/json',
      body: `${JSON.stringify({ status: 'stalled', ...both, stalled: ['b'] })}\n`,
    });
    meter.forget('b');
    expect(await health()).toMatchObject({ status: 'ok', shards: 1, watermark: '2026-11-20T04:59:00.000Z' });
  });
});

test('a worker is healthy without a shard once its engine is up', async () => {
  await opened({ metricsPort: 0 }, systemClock, async ({ meter, url }) => {
    expect((await get(`${url}/healthz`)).status).toBe(503);
    meter.set('engineUp', 1, {});
    const { status, body } = await get(`${url}/healthz`);
    expect([status, JSON.parse(body)]).toMatchObject([200, { status: 'ok', shards: 0 }]);
    expect((await get(`${url}/metrics`)).body.split('\n')).toContain('vpcflow_engine_up 1');
  });
});

test('answers this machine only, and only what there is', async () => {
  await opened({ metricsPort: 0 }, systemClock, async ({ url }) => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const foreign = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const asked = request(`${url}/metrics`, { headers: { host: 'metrics.example' } }, async (answer) => {
        let body = '';
        for await (const chunk of answer) body += chunk;
        resolve({ status: answer.statusCode, body });
      });
      asked.on('error', reject).end();
    });
    expect(foreign.status).toBe(403);
    expect(JSON.parse(foreign.body)).toMatchObject({ code: 'VF_FORBIDDEN_HOST', status: 403 });
    const { status, type, body } = await get(`${url}/`);
    expect({ status, type }).toEqual({ status: 404, type: 'application/problem+json' });
    expect(JSON.parse(body)).toEqual({
      type: 'urn:vpcflow:error:VF_NOT_FOUND',
      status: 404,
      detail: 'there is no GET /',
      code: 'VF_NOT_FOUND',
      help: 'there are GET /metrics and GET /healthz',
    });
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
  });
});

test('a port that is taken is named, with the option that chooses another', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // as every TCP server has
  try {
    const refused = openMeters({ ...none, metricsPort: port, statsd: 'localhost' }, recordedLog().log, systemClock);
    await expect(refused).rejects.toMatchObject({
      code: 'VF_PORT_IN_USE',
      sentence: `port ${port} of 127.0.0.1 is taken; choose another with --metrics-port, or stop what listens there (VF_PORT_IN_USE)`,
    });
  } finally {
    server.close();
  }
});

test('a wrong StatsD address is wrong usage, before anything listens', async () => {
  await expect(openMeters({ ...none, statsd: 'a b' }, recordedLog().log, systemClock)).rejects.toMatchObject({
    code: 'VF_USAGE',
  });
});
