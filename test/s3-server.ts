// Turns a pinned S3-compatible server from the Python package index into a running endpoint for the tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { pythonWith } from './python-package.ts';
import { requirement } from './requirements.ts';

const PACKAGE = 'ministack==1.5.33'; // tells conditional puts right, races of 50 writers included
const START_WITHIN = 60_000; // ms

export interface S3Server {
  readonly endpoint: string;
  readonly port: number;
  stop(): Promise<void>;
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const stop = async (child: ChildProcess, directory: string): Promise<void> => {
  if (!ended(child)) {
    const exit = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL'); // it keeps everything in memory: there is nothing to finish
    await exit;
  }
  await rm(directory, { recursive: true, force: true });
};

const healthy = async (endpoint: string): Promise<boolean> => {
  try {
    return (await fetch(`${endpoint}/_ministack/health`)).ok;
  } catch {
    return false;
  }
};

const start = async (python: string): Promise<S3Server> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-s3-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(python, ['-m', 'ministack'], {
    cwd: directory,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      TMPDIR: directory,
      S3_DATA_DIR: directory,
      SERVICES: 's3',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      BIND_HOST: '127.0.0.1',
      SFTP_ENABLED: '0',
      IOT_MTLS_ENABLED: '0',
      LOG_LEVEL: 'ERROR',
    },
  });
  // Waits for a process outside, so this is the one place where the wall clock counts.
  for (let waited = 0; !(await healthy(endpoint)); waited += 100) {
    if (ended(child) || waited > START_WITHIN) {
      await stop(child, directory);
      throw new Error(`${PACKAGE} did not come up at ${endpoint}`);
    }
    await delay(100);
  }
  return { endpoint, port, stop: () => stop(child, directory) };
};

/** A fresh, empty server; null (after a loud skip) where Python or the package index is missing. */
export const startS3Server = async (): Promise<S3Server | null> => {
  const python = await pythonWith(PACKAGE).catch((error: Error) => error);
  const available = typeof python === 'string';
  const reason = available ? '' : python.message.split('\n')[0];
  if (!requirement(`Python with ${PACKAGE}`, available, `runs S3 against a real server (${reason})`)) return null;
  return available ? start(python) : null;
};

/** Points the AWS SDK at the server, as a user would, and gives the variables that do it for a child process. */
export const s3Environment = (endpoint: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_EC2_METADATA_DISABLED: 'true',
});
