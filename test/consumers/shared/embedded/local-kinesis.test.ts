// The local Kinesis as a child process: on loopback only, gone with its parent, its data kept.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { GetRecordsCommand, GetShardIteratorCommand, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { localClient, startLocalKinesis } from '../../../../consumers/shared/embedded/local-kinesis.ts';
import { ensureStream, renewStream } from '../../../../consumers/shared/embedded/local-stream.ts';
import { requirement } from '../../../requirements.ts';
import { ROOT } from '../../../source-files.ts';
import { until } from '../../../until.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-kinesis-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const hasProc = requirement('/proc', existsSync('/proc/self/net/tcp'), 'lists the sockets of the local Kinesis');

/** Local addresses (as in /proc, hexadecimal) of the sockets on which a process listens. */
const listening = (pid: number): string[] => {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ''; // closed meanwhile
    }
  });
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && inodes.has(columns[9]))
    .map((columns) => columns[1]!.split(':')[0]!);
};

test.skipIf(!hasProc)('listens on 127.0.0.1 and nowhere else', async () => {
  const kinesis = await startLocalKinesis(null);
  expect(listening(kinesis.pid)).toEqual(['0100007F', '0100007F']); // the plain and the TLS port
  await kinesis.stop();
});

test('two can run at once, and each ends when it is told to', async () => {
  const [one, two] = await Promise.all([startLocalKinesis(null), startLocalKinesis(null)]);
  expect(one.place.endpoint).not.toBe(two.place.endpoint);
  await Promise.all([one.stop(), two.stop()]);
  expect([isAlive(one.pid), isAlive(two.pid)]).toEqual([false, false]);
});

test('one that dies says so', async () => {
  const kinesis = await startLocalKinesis(null);
  process.kill(kinesis.pid, 'SIGKILL');
  expect(await kinesis.died).toMatchObject({ code: 'VF_STREAM' });
});

test('it does not outlive a parent that is killed', async () => {
  const script = `
    import { startLocalKinesis } from '${join(ROOT, 'consumers/shared/embedded/local-kinesis.ts')}';
    const kinesis = await startLocalKinesis(null);
    console.log(kinesis.pid);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(parent.stdout), 'line');
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until('the local Kinesis is gone', () => !isAlive(pid), 30);
});

test('a torn snapshot is set aside, and the next one is whole at any moment', async () => {
  const path = join(directory, 'kinesis-data.json');
  await writeFile(path, '{"streams":{"torn');
  const kinesis = await startLocalKinesis(directory);
  const client = localClient(kinesis);
  expect(await ensureStream(client, 'fresh', 1, systemClock)).toBe(false);
  expect(await readFile(`${path}.torn`, 'utf8')).toBe('{"streams":{"torn');
  await until('it saves under another name first', () => existsSync(`${path}.new`) || existsSync(path));
  const saved = await until('it has saved', () => readFile(path, 'utf8').catch(() => ''));
  expect(() => JSON.parse(saved)).not.toThrow();
  process.kill(kinesis.pid, 'SIGKILL');
  await kinesis.died;
  client.destroy();
});

test('a stream that was saved in the middle of a change can be used again', async () => {
  const path = join(directory, 'kinesis-data.json');
  const first = await startLocalKinesis(directory);
  let client = localClient(first);
  await ensureStream(client, 'kept', 1, systemClock);
  const data = Buffer.from('kept record');
  await client.send(new PutRecordCommand({ StreamName: 'kept', PartitionKey: 'k', Data: data }));
  const saved = await until('it is saved', async () => {
    const text = await readFile(path, 'utf8').catch(() => '');
    return text.includes(data.toString('base64')) && text;
  });
  client.destroy();
  await first.stop();
  for (const [status, isKept] of [
    ['UPDATING', true],
    ['CREATING', false],
    ['DELETING', false],
  ] as const) {
    await writeFile(path, saved.replace('"streamStatus":"ACTIVE"', `"streamStatus":"${status}"`));
    const next = await startLocalKinesis(directory);
    client = localClient(next);
    expect([status, await ensureStream(client, 'kept', 1, systemClock)]).toEqual([status, isKept]);
    const position = { ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' as const };
    const { ShardIterator } = await client.send(new GetShardIteratorCommand({ StreamName: 'kept', ...position }));
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }));
    expect([status, Records.map((record) => String(Buffer.from(record.Data!)))]).toEqual([
      status,
      isKept ? ['kept record'] : [],
    ]);
    client.destroy();
    await next.stop();
  }
});

test('what it saved is there again; a renewed stream gives out larger numbers only', async () => {
  const first = await startLocalKinesis(directory);
  const client = localClient(first);
  await ensureStream(client, 'kept', 1, systemClock);
  const put = new PutRecordCommand({ StreamName: 'kept', PartitionKey: 'k', Data: Buffer.from('kept record') });
  const { SequenceNumber: old } = await client.send(put);
  const data = Buffer.from('kept record').toString('base64');
  await until('it is saved', async () =>
    (await readFile(join(directory, 'kinesis-data.json'), 'utf8').catch(() => '')).includes(data),
  );
  client.destroy();
  await first.stop();

  const second = await startLocalKinesis(directory);
  const again = localClient(second);
  expect(await ensureStream(again, 'kept', 1, systemClock)).toBe(true);
  const position = { StreamName: 'kept', ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' as const };
  const read = async (): Promise<(string | undefined)[]> => {
    const { ShardIterator } = await again.send(new GetShardIteratorCommand(position));
    const { Records = [] } = await again.send(new GetRecordsCommand({ ShardIterator }));
    return Records.map((record) => record.SequenceNumber);
  };
  expect(await read()).toEqual([old]);
  await renewStream(again, 'kept', 1, systemClock);
  expect(await read()).toEqual([]);
  const { SequenceNumber: young } = await again.send(put);
  expect(BigInt(young!) > BigInt(old!)).toBe(true);
  again.destroy();
  await second.stop();
});
