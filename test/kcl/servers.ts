// Turns this machine into what the daemon's fault tests run against: a local Kinesis, a DynamoDB and an S3, once a run;
// and, when all have run, their outcomes into a table.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startLocalKinesis } from '../../consumers/shared/embedded/local-kinesis.ts';
import { findJars } from '../../consumers/shared/kcl/jars.ts';
import { checkJava } from '../../consumers/shared/kcl/java.ts';
import type { KinesisPlace } from '../../consumers/shared/kinesis.ts';
import { startMotoServer } from '../moto-server.ts';
import { startS3Server } from '../s3-server.ts';
import { faultTable, type Outcome } from './table.ts';

/** Where everything is. Plain JSON, because it crosses from vitest's own process to those of the test files. */
export interface Servers {
  readonly kinesis: KinesisPlace;
  readonly dynamo: string; // endpoint
  readonly s3: string; // endpoint
  readonly java: string;
  readonly jars: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The servers, or why there are none. */
    readonly servers: Servers | string;
    /** The file that takes a line of JSON for each outcome. */
    readonly outcomes: string;
  }
}

const printTable = async (path: string): Promise<void> => {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  const outcomes = lines.map((line): Outcome => JSON.parse(line));
  if (outcomes.length > 0) console.log(`\n${faultTable(outcomes)}\n`);
};

/** Starts all servers, or none where one cannot be had. What it resolves to ends them and prints the table. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-faults-'));
  const outcomes = join(directory, 'outcomes.ndjson');
  await writeFile(outcomes, '');
  project.provide('outcomes', outcomes);
  const stops: (() => Promise<void>)[] = [];
  const keep = <S extends { stop(): Promise<void> }>(server: S | null): S => {
    if (server === null) throw new Error('python3 or its package index is missing');
    stops.push(() => server.stop());
    return server;
  };
  try {
    const java = (await checkJava('java', process.env)).path;
    const jars = await findJars(process.env.VPCFLOW_KCL_JARS || null, process.env);
    const [kinesis, moto, s3] = await Promise.all([
      startLocalKinesis(null).then(keep),
      startMotoServer().then(keep),
      startS3Server().then(keep),
    ]);
    project.provide('servers', { kinesis: kinesis.place, dynamo: moto.endpoint, s3: s3.endpoint, java, jars });
  } catch (error) {
    project.provide('servers', error instanceof Error ? error.message : String(error));
  }
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
    await printTable(outcomes);
    await rm(directory, { recursive: true, force: true });
  };
}
