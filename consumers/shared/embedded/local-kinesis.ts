// Turns a directory into a running local Kinesis: kinesis-local as a child process on loopback, its data kept in the directory.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { z } from 'zod';
import { VpcflowError } from '../../../schemas/errors.ts';
import { type KinesisPlace, kinesisClient } from '../kinesis.ts';
import {
  PLAIN_PORT_PLACEHOLDER,
  type PortMessage,
  PRELOAD_URL,
  SNAPSHOT,
  TLS_PORT_PLACEHOLDER,
} from './local-kinesis-preload.ts';

export const LOCAL_ACCOUNT = '123456789012';
export const LOCAL_REGION = 'us-east-1';

const START_MS = 60_000;
const STOP_MS = 15_000;
/** Between two snapshots of the data: what a kill -9 may lose. A snapshot is the whole stream, so not too often. */
const PERSIST_INTERVAL = '5s';

export interface LocalKinesis {
  readonly place: KinesisPlace;
  readonly pid: number;
  /** Resolves when the child has ended on its own; never after `stop`. */
  readonly died: Promise<VpcflowError>;
  /** Ends the child. What it took since its last snapshot is gone, so everything has to be read before. */
  stop(): Promise<void>;
}

const isPortMessage = (message: unknown): message is PortMessage =>
  typeof message === 'object' && message !== null && 'placeholder' in message && 'port' in message;

/** Resolves with the plain port once both servers listen. */
const listening = (child: ChildProcess, said: () => string): Promise<number> =>
  new Promise((done, failed) => {
    const ports = new Map<number, number>();
    const ended = (): void => failed(new VpcflowError('VF_STREAM', `the local Kinesis did not start: ${said()}`));
    const timer = setTimeout(ended, START_MS);
    child.once('exit', ended).once('error', ended);
    child.on('message', (message) => {
      if (!isPortMessage(message)) return;
      ports.set(message.placeholder, message.port);
      const port = ports.get(PLAIN_PORT_PLACEHOLDER);
      if (port === undefined || !ports.has(TLS_PORT_PLACEHOLDER)) return;
      clearTimeout(timer);
      child.off('exit', ended).off('error', ended);
      done(port);
    });
  });

/** What is looked at of a snapshot; the rest is handed on as it is. */
const snapshotShape = z.looseObject({ streams: z.record(z.string(), z.looseObject({ streamStatus: z.string() })) });

/**
 * A snapshot that is not whole (a disk that was full, a machine that lost power) is set aside rather than started on.
 * One that was taken in the middle of a change is mended, because kinesis-local never ends a change that another
 * process began: a stream that was coming or going holds nothing yet or nothing any more and is left out; one whose
 * shards were changing has them.
 */
const mendSnapshot = async (directory: string): Promise<void> => {
  const path = join(directory, SNAPSHOT);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return;
  let snapshot: z.infer<typeof snapshotShape>;
  try {
    snapshot = snapshotShape.parse(JSON.parse(text));
  } catch {
    await rename(path, `${path}.torn`);
    return;
  }
  const all = Object.entries(snapshot.streams);
  if (all.every(([, stream]) => stream.streamStatus === 'ACTIVE')) return;
  const kept = all.filter(([, { streamStatus }]) => streamStatus === 'ACTIVE' || streamStatus === 'UPDATING');
  const streams = Object.fromEntries(kept.map(([arn, stream]) => [arn, { ...stream, streamStatus: 'ACTIVE' }]));
  await writeFile(`${path}.mended`, JSON.stringify({ ...snapshot, streams }), { flush: true });
  await rename(`${path}.mended`, path);
};

/**
 * Starts kinesis-local with its data in `directory` (created when missing; null: in memory only). It listens on free
 * ports of 127.0.0.1 and ends with this process, however that ends. Rejects with VF_STREAM when it does not start.
 */
export const startLocalKinesis = async (directory: string | null): Promise<LocalKinesis> => {
  if (directory !== null) {
    await mkdir(directory, { recursive: true });
    await mendSnapshot(directory);
  }
  const packageFolder = dirname(createRequire(import.meta.url).resolve('kinesis-local/package.json'));
  const child = spawn(process.execPath, ['--import', PRELOAD_URL, 'main.js'], {
    cwd: packageFolder, // it reads its certificate from there
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true, // Ctrl-C in a terminal goes to its whole process group; when this child ends is for us to say
    windowsHide: true,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      KINESIS_MOCK_PLAIN_PORT: String(PLAIN_PORT_PLACEHOLDER),
      KINESIS_MOCK_TLS_PORT: String(TLS_PORT_PLACEHOLDER),
      AWS_REGION: LOCAL_REGION,
      AWS_ACCOUNT_ID: LOCAL_ACCOUNT,
      SHARD_LIMIT: '1000',
      LOG_LEVEL: 'WARN',
      CREATE_STREAM_DURATION: '50ms',
      DELETE_STREAM_DURATION: '50ms',
      SPLIT_SHARD_DURATION: '50ms',
      MERGE_SHARDS_DURATION: '50ms',
      SHOULD_PERSIST_DATA: String(directory !== null),
      ...(directory === null ? {} : { PERSIST_PATH: resolve(directory), PERSIST_INTERVAL }),
    },
  });
  let last = ''; // the end of what it wrote, to say why it died
  const keep = (chunk: Buffer): void => {
    last = (last + chunk.toString()).slice(-2000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const said = (): string => {
    const lines = last.split('\n').map((line) => line.trim());
    return lines.findLast((line) => line !== '' && !line.startsWith('at '))?.slice(0, 300) ?? 'it said nothing';
  };

  const port = await listening(child, said).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  let stopping = false;
  const exited = new Promise<string>((done) => {
    child.once('exit', (status, signal) => done(signal ?? `status ${status}`));
  });
  const died = new Promise<VpcflowError>((done) => {
    void exited.then((how) => {
      if (!stopping) done(new VpcflowError('VF_STREAM', `the local Kinesis ended (${how})`, { help: 'start again' }));
    });
  });
  return {
    place: {
      endpoint: `http://127.0.0.1:${port}`,
      region: LOCAL_REGION,
      credentials: { accessKeyId: LOCAL_ACCOUNT, secretAccessKey: 'local' },
    },
    pid: child.pid ?? 0,
    died,
    stop: async () => {
      stopping = true;
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.kill('SIGTERM');
      await exited;
      clearTimeout(timer);
    },
  };
};

/** A client for the local Kinesis. */
export const localClient = (kinesis: LocalKinesis): KinesisClient => kinesisClient(kinesis.place);
