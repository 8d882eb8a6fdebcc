// The health check of the image as Docker runs it: a real process, a real server, and the command line of process 1.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../source-files.ts';

let directory: string;
let server: Server;
let port: number;
let status = 200;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-health-'));
  server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? status : 404).end('{"status":"told"}\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port; // as every TCP server has
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

interface Checked {
  readonly status: number;
  readonly said: string;
}

const check = async (words: readonly string[], variable?: string): Promise<Checked> => {
  const commandLine = join(directory, 'cmdline');
  const all = ['tini', '--', 'node', '/opt/vpcflow/dist/consumers/vpcflow.js', ...words];
  await writeFile(commandLine, all.map((word) => `${word}\0`).join(''));
  const { VPCFLOW_METRICS_PORT: _, ...rest } = process.env;
  const env = variable === undefined ? rest : { ...rest, VPCFLOW_METRICS_PORT: variable };
  return new Promise((resolve) => {
    const script = join(ROOT, 'infra/healthcheck.ts');
    const child = execFile(process.execPath, [script, commandLine], { env }, (_error, said) =>
      resolve({ status: child.exitCode ?? -1, said: said.trim() }),
    );
  });
};

const told = '{"status":"told"}';

test('says what /healthz says, on the port of the option or of the variable', async () => {
  const [healthy, ill] = [
    { status: 0, said: told },
    { status: 1, said: told },
  ];
  status = 200;
  expect(await check(['digest', '--metrics-port', String(port), '--stream', 's'])).toEqual(healthy);
  expect(await check(['digest', `--metrics-port=${port}`], '1')).toEqual(healthy);
  status = 503;
  expect(await check(['digest'], String(port))).toEqual(ill);
  expect(await check(['digest', '--metrics-port', '1', '--metrics-port', String(port)])).toEqual(ill);
});

test('is ill where nobody answers', async () => {
  const { status: exit, said } = await check(['digest', '--metrics-port', '1']);
  expect([exit, said]).toEqual([1, expect.stringMatching(/^\/healthz of port 1 does not answer: .*/)]);
});

test.each([
  ['without a port', ['digest', '--stream', 's'], undefined],
  ['with an empty one', ['digest'], ''],
  ['with any free one', ['digest', '--metrics-port', '0'], undefined],
  ['of a command that serves none', ['query', '--port', '8080'], '1'],
])('is healthy %s', async (_what, words, variable) => {
  const { status: exit, said } = await check(words, variable);
  expect([exit, said]).toEqual([0, 'nothing is asked: there is no --metrics-port']);
});
