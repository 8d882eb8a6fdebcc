// Turns a pinned AWS stand-in (DynamoDB, STS, CloudWatch Logs, CloudWatch) into a running endpoint for the tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { pythonWith } from './python-package.ts';
import { requirement } from './requirements.ts';
import { until } from './until.ts';

const PACKAGE = 'moto[server]==5.2.5'; // its DynamoDB has conditions and indexes made by UpdateTable, as KCL needs

export interface MotoServer {
  readonly endpoint: string;
  readonly port: number;
  /** Forgets every table, log group and metric. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const healthy = async (endpoint: string): Promise<boolean> => {
  try {
    return (await fetch(`${endpoint}/moto-api/data.json`)).ok;
  } catch {
    return false;
  }
};

const start = async (python: string): Promise<MotoServer> => {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-moto-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    cwd: directory,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, TMPDIR: directory },
  });
  const stop = async (): Promise<void> => {
    if (!ended(child)) {
      const exit = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL'); // it keeps everything in memory: there is nothing to finish
      await exit;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await until(`${PACKAGE} comes up at ${endpoint}`, () => {
      if (ended(child)) throw new Error(`${PACKAGE} ended with status ${child.exitCode} before it listened`);
      return healthy(endpoint);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const reset = async (): Promise<void> => {
    const answer = await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' });
    if (!answer.ok) throw new Error(`${PACKAGE} was not reset: ${answer.status}`);
  };
  return { endpoint, port, reset, stop };
};

/** A fresh, empty server; null (after a loud skip) where Python or the package index is missing. */
export const startMotoServer = async (): Promise<MotoServer | null> => {
  const python = await pythonWith(PACKAGE).catch((error: Error) => error);
  const available = typeof python === 'string';
  const reason = available ? '' : python.message.split('\n')[0];
  if (
    !requirement(
      `Python with ${PACKAGE}`,
      available,
      `runs DynamoDB and other AWS services as a real server (${reason})`,
    )
  )
    return null;
  return available ? start(python) : null;
};
