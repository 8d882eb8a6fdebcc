// StatsD over a real UDP socket: what arrives is what was measured, and a server that is not there disturbs nobody.
import { expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { statsdMeter } from '../../../../consumers/shared/metrics/statsd.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { until } from '../../../until.ts';
import { recordedLog } from './recorded-log.ts';
import { StatsdServer } from './statsd-server.ts';

const tags = ['env:prod', 'team:net'];

test('sends once a second what was counted since, the gauges of live shards, and each observation', async () => {
  await using server = await StatsdServer.start();
  const clock = new ManualClock();
  const { log, lines } = recordedLog();
  const meter = statsdMeter({ host: '127.0.0.1', port: server.port, tags, log, clock });
  await clock.untilSleeping();
  const shard = 'shardId-000000000000';
  meter.count('records', 5, { shard });
  meter.count('records', 7, { shard });
  meter.count('duplicates', 0, { shard });
  meter.count('rejects', 2, { shard, reason: 'bad_time' });
  meter.set('millisBehindLatest', 90, { shard });
  meter.set('millisBehindLatest', 1200, { shard });
  meter.set('children', 1, {});
  meter.observe('flushSeconds', 0.25, {});
  meter.observe('flushSeconds', 0.5, {});
  await clock.advance(999);
  expect(server.packets).toEqual([]);
  await clock.advance(1);
  await until('the first packet', () => server.packets.length === 1);
  expect(server.lines.toSorted()).toEqual([
    'vpcflow.children:1|g|#env:prod,team:net',
    'vpcflow.flush_seconds:0.25|h|#env:prod,team:net',
    'vpcflow.flush_seconds:0.5|h|#env:prod,team:net',
    `vpcflow.millis_behind_latest:1200|g|#shard:${shard},env:prod,team:net`,
    `vpcflow.records:12|c|#shard:${shard},env:prod,team:net`,
    `vpcflow.rejects:2|c|#shard:${shard},reason:bad_time,env:prod,team:net`,
  ]);

  await clock.untilSleeping();
  meter.count('records', 1, { shard });
  meter.forget(shard);
  await meter.close();
  await until('the packet of the close', () => server.packets.length === 2);
  expect(server.packets[1]).toBe(`vpcflow.records:1|c|#shard:${shard},env:prod,team:net`);
  expect(lines).toEqual([]);
});

test('a gauge is sent when it changes, and otherwise every ten seconds', async () => {
  await using server = await StatsdServer.start();
  const clock = new ManualClock();
  const meter = statsdMeter({ host: '127.0.0.1', port: server.port, tags: [], log: recordedLog().log, clock });
  const seconds = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await clock.untilSleeping();
      await clock.advance(1000);
      await clock.untilSleeping();
    }
  };
  await clock.untilSleeping();
  meter.set('children', 1, {});
  meter.set('watermark', 7, { shard: 'a' });
  await seconds(3);
  meter.set('children', 2, {});
  await seconds(7);
  meter.forget('a');
  meter.set('watermark', 7, { shard: 'a' }); // ours again, and still the same
  await seconds(4);
  await meter.close();
  const children = () => server.lines.filter((line) => line.startsWith('vpcflow.children:'));
  const watermarks = () => server.lines.filter((line) => line.startsWith('vpcflow.watermark_seconds:'));
  await until('all has come', () => children().length + watermarks().length >= 5);
  expect(children()).toEqual(['vpcflow.children:1|g', 'vpcflow.children:2|g', 'vpcflow.children:2|g']);
  expect(watermarks()).toEqual(Array(2).fill('vpcflow.watermark_seconds:7|g|#shard:a'));
});

test('no packet is larger than a frame, and what many shards counted arrives whole', async () => {
  await using server = await StatsdServer.start();
  const { log } = recordedLog();
  const meter = statsdMeter({ host: '127.0.0.1', port: server.port, tags: [], log, clock: new ManualClock() });
  for (let n = 1; n <= 300; n++) meter.count('flows', n, { shard: `shardId-${String(n).padStart(12, '0')}` });
  await meter.close();
  const sum = (): number => server.lines.reduce((total, line) => total + Number(/:(\d+)\|c/.exec(line)?.[1]), 0);
  await until('all packets', () => sum() === (300 * 301) / 2);
  expect(server.packets.length).toBeGreaterThan(5);
  expect(Math.max(...server.packets.map((packet) => packet.length))).toBeLessThanOrEqual(1432);
  expect(new Set(server.lines).size).toBe(257);
  expect(server.lines).toContainEqual(expect.stringContaining('|#shard:other'));
});

test('speaks IPv6', async () => {
  await using server = await StatsdServer.start('::1');
  const meter = statsdMeter({ host: '::1', port: server.port, tags: [], log: recordedLog().log, clock: systemClock });
  meter.set('children', 2, {});
  await meter.close();
  await until('the packet', () => server.lines.includes('vpcflow.children:2|g'));
});

test('a name that nobody knows is one line in the log, however often it is asked for', async () => {
  const host = `${'x'.repeat(64)}.invalid`; // longer than a label may be: known to be none without asking anybody
  const clock = new ManualClock();
  const { log, lines } = recordedLog();
  const meter = statsdMeter({ host, port: 8125, tags: [], log, clock });
  meter.set('children', 1, {});
  for (let second = 0; second < 3; second++) {
    await clock.untilSleeping();
    meter.set('children', second, {});
    await clock.advance(1000);
  }
  await until('the lookup has failed', () => lines.length > 0);
  await clock.untilSleeping();
  await meter.close();
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    `warn StatsD at ${host}:8125 cannot be reached; its metrics are lost until it can`,
    `warn StatsD at ${host}:8125 did not get everything`,
  ]);
  expect(lines[1]!.fields.failures).toBeGreaterThanOrEqual(3);
});

test('a server that comes back is found again; while it was away one line was logged', async () => {
  const clock = new ManualClock();
  const { log, lines } = recordedLog();
  const first = await StatsdServer.start();
  const { port } = first;
  const meter = statsdMeter({ host: 'localhost', port, tags: [], log, clock });
  meter.set('children', 1, {});
  const second = async (): Promise<void> => {
    await clock.untilSleeping();
    await clock.advance(1000);
  };
  await second();
  await until('it is heard', () => first.packets.length > 0);
  await first[Symbol.asyncDispose]();
  await until('its end is noticed', async () => {
    await second();
    return lines.length > 0;
  });
  await second();
  await second();
  await using again = await StatsdServer.start('127.0.0.1', port);
  meter.set('children', 4, {});
  await until('it is heard again', async () => {
    await second();
    return again.lines.includes('vpcflow.children:4|g');
  });
  expect(lines).toHaveLength(1);
  await clock.untilSleeping();
  await meter.close();
});
