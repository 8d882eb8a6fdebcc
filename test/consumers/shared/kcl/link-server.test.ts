// Shows what the worker makes of what its children send over the socket, and how it takes their ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LinkMessage, linkLine } from '../../../../consumers/shared/kcl/link-messages.ts';
import { type ChildDeath, type LinkServer, openLinkServer } from '../../../../consumers/shared/kcl/link-server.ts';
import { until } from '../../../until.ts';
import { recordLog, recordMeter, type Said } from './worker-bed.ts';

let directory: string;
let server: LinkServer;
let said: Said[];
let measured: string[];
let deaths: ChildDeath[];
let ends: string[];
let counts: number[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'link-'));
  [said, measured, deaths, ends, counts] = [[], [], [], [], []];
  server = await openLinkServer({
    ...{ path: join(directory, 's'), meter: recordMeter(measured), log: recordLog(said) },
    onDeath: (death) => deaths.push(death),
    onEnd: (shard) => ends.push(shard),
    onCount: (count) => counts.push(count),
  });
});

afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const connect = (): Socket => createConnection(join(directory, 's'));
const send = (socket: Socket, ...messages: readonly LinkMessage[]): void => {
  for (const message of messages) socket.write(linkLine(message));
};
const gone = (): Promise<unknown> => until('the link is closed', () => counts.at(-1) === 0);
const hello: LinkMessage = { type: 'hello', pid: 7 };
const shard: LinkMessage = { type: 'shard', shard: 'a' };
const records = (labels: Readonly<Record<string, string>>): LinkMessage => ({
  type: 'metrics',
  updates: [{ metric: 'records', value: 2, labels }],
});

test('a clean life: logs with who speaks, metrics, and no death', async () => {
  const child = connect();
  send(child, hello, shard, { type: 'log', level: 'warn', message: 'm', fields: { n: 1 } }, records({ shard: 'a' }));
  child.end(linkLine({ type: 'end', reason: 'shutdown' }));
  await gone();
  expect(said).toEqual([{ level: 'warn', message: 'm', fields: { n: 1, shard: 'a', pid: 7 } }]);
  expect(measured).toEqual(['children 0 {}', 'children 1 {}', 'records 2 {"shard":"a"}', 'forget a', 'children 0 {}']);
  expect(deaths).toEqual([]);
  expect(ends).toEqual(['a']);
});

test('a socket that closes without a word of it is a death', async () => {
  const child = connect();
  send(child, hello, shard);
  await until('it was heard', () => counts.at(-1) === 1);
  child.end();
  await gone();
  expect(deaths).toEqual([{ pid: 7, shard: 'a', failure: null }]);
});

test('a failure is the error that it was in the child', async () => {
  const child = connect();
  send(child, hello, { type: 'failed', code: 'VF_CHAIN_AHEAD', message: 'm', help: 'h' });
  child.end();
  await gone();
  expect(deaths).toMatchObject([{ pid: 7, shard: null, failure: { code: 'VF_CHAIN_AHEAD', message: 'm', help: 'h' } }]);
});

test('what is no message is logged and passed over; a torn line is nothing', async () => {
  const child = connect();
  child.write('{"type":"of tomorrow"}\n');
  send(child, hello);
  child.end('{"type":"end","reason":"shut');
  await gone();
  expect(said.map(({ message }) => message)).toEqual(['a child sent what is no message']);
  expect(deaths).toEqual([{ pid: 7, shard: null, failure: null }]);
});

test('a child that measures what no metric can be is cut off, and is the reason', async () => {
  const child = connect();
  child.on('error', () => {});
  send(child, hello, records({ reason: 'x' }));
  await gone();
  expect(deaths).toMatchObject([{ pid: 7, failure: { code: 'VF_ENGINE' } }]);
});

test('a shard that another child has by now is not forgotten with the first', async () => {
  const [first, second] = [connect(), connect()];
  send(second, { type: 'hello', pid: 8 }, shard);
  send(first, hello, shard, { type: 'end', reason: 'lease-lost' });
  await until('both are there', () => counts.includes(2));
  await until('both were heard', () => {
    send(second, records({ shard: 'a' }));
    return measured.some((line) => line.startsWith('records'));
  });
  first.end();
  await until('the first is gone', () => counts.at(-1) === 1);
  expect(measured).not.toContain('forget a');
  second.end();
  await gone();
  expect(measured).toContain('forget a');
});

test('the worker that closes it cuts its children off, which is no death of theirs', async () => {
  const child = connect();
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.resume();
  send(child, hello);
  await until('it is there', () => counts.at(-1) === 1);
  await server.close();
  await closed;
  expect(deaths).toEqual([]);
});

test('a socket that cannot be made, as on a full disk, is an error with its path and what to do', async () => {
  const path = join(directory, 'none', 's');
  const ignored = (): void => {};
  const options = { path, meter: recordMeter([]), log: recordLog([]), onDeath: ignored, onEnd: ignored };
  await expect(openLinkServer({ ...options, onCount: ignored })).rejects.toMatchObject({
    ...{ code: 'VF_ENGINE', message: expect.stringContaining(path) },
    help: expect.stringContaining('free space or set TMPDIR'),
  });
});
