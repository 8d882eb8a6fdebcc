// Prints what the Kinesis Client Library's pipe carries beside the engine in one process, its memory, and the time from a
// put to its row in a query: `npm run bench:kcl`, with the local stand-ins for Kinesis and DynamoDB.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../consumers/shared/clock.ts';
import { localClient, startLocalKinesis } from '../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream } from '../../consumers/shared/embedded/local-stream.ts';
import { identifyStream } from '../../consumers/shared/kinesis.ts';
import { putRecords } from '../../consumers/shared/kinesis-writer.ts';
import { freePort } from '../free-port.ts';
import { startMotoServer } from '../moto-server.ts';
import { type Running, runVpcflow, startVpcflow } from '../run-vpcflow.ts';
import { until } from '../until.ts';
import { digestInto } from './processor.ts';
import { generateTraffic } from './traffic.ts';

/** Rows an interface and minute decide the size of an envelope. */
const LOADS = [
  { name: 'small', shape: { rows: 200_000, recordsPerRow: 2, interfaces: 2000, minutes: 2 } },
  { name: 'large', shape: { rows: 300_000, recordsPerRow: 2, interfaces: 150, minutes: 2 } },
];
/** The local Kinesis takes about a megabyte a second: a call must end before its client gives up. */
const RECORDS_A_PUT = 50;

const moto = await startMotoServer();
if (moto === null) process.exit(1);
const kinesis = await startLocalKinesis(null);
const client = localClient(kinesis);
const directory = await mkdtemp(join(tmpdir(), 'vpcflow-bench-kcl-'));
const environment = {
  AWS_ENDPOINT_URL_KINESIS: kinesis.place.endpoint,
  AWS_ENDPOINT_URL_DYNAMODB: moto.endpoint,
  AWS_REGION: kinesis.place.region,
  AWS_ACCESS_KEY_ID: kinesis.place.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: kinesis.place.credentials.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Peak resident memory of a process and all below it, MiB by what they are; empty where there is no /proc. */
const peaks = (root: number): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  try {
    const parents = new Map<number, number>();
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      parents.set(Number(entry), Number(fields[1]));
    }
    const below = (pid: number): boolean => pid === root || (parents.has(pid) && below(parents.get(pid) ?? 0));
    for (const pid of [...parents.keys()].filter(below)) {
      const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const what = pid === root ? 'worker' : command.includes('kcl-child') ? 'child' : 'java';
      found.set(what, Math.max(peak, found.get(what) ?? 0));
    }
  } catch {
    // A process that ended meanwhile, or no Linux.
  }
  return found;
};

const started = async (engine: string, stream: string, store: string): Promise<{ run: Running; port: number }> => {
  const port = await freePort();
  const args = ['digest', '--engine', engine, '--stream', stream, '--store', store, '--metrics-port', String(port)];
  return { run: startVpcflow([...args, '--worker-id', 'bench'], environment), port };
};

/** The sum of a counter over its shards; 0 while nothing answers. */
const counter = async (port: number, name: string): Promise<number> => {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  const values = [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
};

const stopped = async (run: Running): Promise<void> => {
  run.process.kill('SIGTERM');
  const { status, stderr } = await run.ended;
  if (status !== 0) throw new Error(`ended with ${status}: ${stderr.slice(-2000)}`);
};

const seconds = (from: number): number => (performance.now() - from) / 1000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

for (const { name, shape } of LOADS) {
  const { envelopes } = generateTraffic(shape);
  const bytes = envelopes.reduce((sum, one) => sum + one.length, 0);
  await ensureStream(client, name, 1, systemClock);
  const stream = await identifyStream(client, name);
  const records = envelopes.map((data, i) => ({ partitionKey: String(i), data }));
  for (let i = 0; i < records.length; i += RECORDS_A_PUT) {
    await putRecords(client, stream, records.slice(i, i + RECORDS_A_PUT), systemClock);
  }
  say(`${name}: ${records.length} records of ${Math.round(bytes / records.length)} bytes`);
  const rate = (took: number, part = 1): string =>
    `${((records.length * part) / took).toFixed(0)} records/s, ${((bytes * part) / took / 1e6).toFixed(1)} MB/s`;

  const began = performance.now();
  await digestInto(join(directory, `${name}-alone`), envelopes);
  say(`  the processor alone: ${rate(seconds(began))}`);

  for (const engine of ['embedded', 'kcl']) {
    const { run, port } = await started(engine, name, join(directory, `${name}-${engine}`));
    const read = (): Promise<number> => counter(port, 'vpcflow_records_total');
    const first = await until('the first batch', read, 120);
    const from = performance.now();
    await until('the last batch', async () => (await read()) >= records.length, 600);
    const took = seconds(from);
    const part = (records.length - first) / records.length;
    const memory = [...peaks(run.process.pid ?? 0)].map(([what, mib]) => `${what} ${mib.toFixed(0)} MiB`);
    say(`  ${engine}: ${rate(took, part)}; peak ${memory.join(', ')}`);
    await stopped(run);
  }
}

say('from the last put to its row in a query:');
await ensureStream(client, 'fresh', 1, systemClock);
const fresh = await identifyStream(client, 'fresh');
for (const [i, engine] of ['embedded', 'kcl'].entries()) {
  const store = join(directory, `fresh-${engine}`);
  const eni = `eni-0a1b2c3d${i}`;
  const { run, port } = await started(engine, 'fresh', store);
  await until('it reads', async () => (await counter(port, 'vpcflow_watermark_seconds')) > 0, 180);
  const now = Math.floor(Date.now() / 1000);
  const line = `2 123456789012 ${eni} 10.0.0.1 10.0.0.2 40000 443 6 3 120 ${now - 40} ${now - 20} ACCEPT OK`;
  const second = new Date().getUTCSeconds();
  const from = performance.now();
  await putRecords(client, fresh, [{ partitionKey: engine, data: Buffer.from(line) }], systemClock);
  const window = ['--start', 'now-15m', '--stop', 'now', '--group', 'interface_id'];
  for (;;) {
    const { stdout } = await runVpcflow(['rows', '--store', store, ...window]);
    if (stdout.includes(eni)) break;
    await delay(500);
  }
  say(`  ${engine}: ${seconds(from).toFixed(0)} s (put ${second} s into a minute)`);
  await stopped(run);
}

client.destroy();
await kinesis.stop();
await moto.stop();
await rm(directory, { recursive: true });
