// `vpcflow query` as a process: where it says it is, tokens that change on SIGHUP, and an end that is announced.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { type Running, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { putGoldenStore } from './golden-store.ts';

let directory: string;
const running: Running[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-query-'));
  await putGoldenStore(new DirectoryStore(join(directory, 'store')));
});
afterAll(async () => {
  for (const { process: child, ended } of running) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  }
  await rm(directory, { recursive: true });
});

const started = async (...args: string[]): Promise<{ readonly server: Running; readonly url: string }> => {
  const server = startVpcflow(['query', '--store', join(directory, 'store'), '--port', '0', ...args]);
  running.push(server);
  const url = await until('it says where it is', () => /is served at (http:\S+?)"/.exec(server.stderr())?.[1]);
  return { server, url };
};

test('changes its tokens on SIGHUP, and ends on SIGTERM after it has said so', async () => {
  const file = join(directory, 'tokens');
  const tokens = (...names: string[]): Promise<void> =>
    writeFile(file, names.map((t) => `read ${t} ${createHash('sha256').update(t).digest('hex')}\n`).join(''), {
      mode: 0o600,
    });
  await tokens('old');
  const { server, url } = await started('--token-file', file, '--drain', '3s');
  const status = async (route: string, token = ''): Promise<number> =>
    (await fetch(url + route, { headers: token === '' ? {} : { authorization: `Bearer ${token}` } })).status;
  expect(
    await Promise.all([
      status('/v1/rows?start=now-1h&stop=now', 'old'),
      status('/openapi.json', 'new'),
      status('/readyz'),
    ]),
  ).toEqual([200, 401, 200]);
  const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer old' } })).text();
  expect(metrics).toContain('process_cpu_seconds_total');
  await tokens('new');
  server.process.kill('SIGHUP');
  await until('the tokens are read again', () => server.stderr().includes('the tokens were read again'));
  expect(await Promise.all([status('/openapi.json', 'old'), status('/openapi.json', 'new')])).toEqual([401, 200]);
  server.process.kill('SIGTERM');
  await until('it is not ready', async () => (await status('/readyz')) === 503);
  expect(await status('/v1/rows?start=now-1h&stop=now', 'new')).toBe(200);
  const ended = await server.ended;
  expect([ended.status, ended.stdout]).toEqual([0, '']);
  expect(ended.stderr).toContain('not ready any more; requests are taken for 3 s');
  expect(ended.stderr).not.toContain('Bearer');
});

test('on loopback it ends at once', async () => {
  const { server, url } = await started();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  server.process.kill('SIGINT');
  const { status, stderr } = await server.ended;
  expect([status, stderr]).toEqual([0, expect.stringContaining('not ready any more; no more requests are taken')]);
});
