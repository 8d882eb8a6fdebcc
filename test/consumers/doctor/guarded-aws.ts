// Turns real servers into an AWS that refuses, hangs or tells a wrong time where a test wants it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalKinesis, startLocalKinesis } from '../../../consumers/shared/embedded/local-kinesis.ts';
import { KCL } from '../../../consumers/shared/kcl/jars.ts';
import { type ProxiedAnswer, type ProxiedRequest, startFaultProxy } from '../../kcl/fault-proxy.ts';
import { type MotoServer, startMotoServer } from '../../moto-server.ts';
import { type S3Server, startS3Server } from '../../s3-server.ts';

/** What the proxies do; empty: they hand everything on. Actions as IAM names them. */
export interface Rules {
  readonly answers: Map<string, ProxiedAnswer>;
  readonly hang: Set<string>;
  /** What is added to the time of every answer. */
  ahead: number; // ms
  /** Runs before a request is handed on; the region is the one that it is signed for. */
  before: (action: string, region: string) => Promise<void>;
}

export interface Aws {
  readonly kinesis: LocalKinesis;
  readonly moto: MotoServer;
  readonly s3: S3Server;
  readonly rules: Rules;
  /** What has a process speak to the servers, through the proxies. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every action that was asked for, in order. */
  readonly asked: string[];
  /** A Java that says its version, and a directory with the daemon's jar, so that reports do not depend on the machine. */
  readonly java: string;
  readonly jars: string;
  readonly directory: string;
  stop(): Promise<void>;
}

const SERVICES: Readonly<Record<string, string>> = {
  Kinesis_20131202: 'kinesis',
  DynamoDB_20120810: 'dynamodb',
  Logs_20140328: 'logs',
};

/** The IAM action of a request. */
const actionOf = ({ method, path, headers, body }: ProxiedRequest): string => {
  const [service, name] = String(headers['x-amz-target'] ?? '').split('.');
  if (name !== undefined) return `${SERVICES[service ?? ''] ?? service}:${name}`;
  const action = /(?:^|&)Action=(\w+)/.exec(body.toString('latin1'))?.[1];
  if (method === 'POST' && action !== undefined) return `sts:${action}`;
  if (method === 'GET' && path.includes('list-type=2')) return 's3:ListBucket';
  const object: Readonly<Record<string, string>> = { PUT: 's3:PutObject', DELETE: 's3:DeleteObject' };
  return object[method] ?? 's3:GetObject';
};

/** A refusal as each family of services words it. */
export const refusal = (action: string, name: string, message = 'is not authorized to perform it'): ProxiedAnswer => {
  if (action.startsWith('s3:')) {
    const body = `<?xml version="1.0"?><Error><Code>${name}</Code><Message>${message}</Message></Error>`;
    return { status: 403, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
  }
  if (action.startsWith('sts:')) {
    const body = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error></ErrorResponse>`;
    return { status: 403, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) };
  }
  const body = JSON.stringify({ __type: `com.amazon.coral.service#${name}`, message });
  return { status: 400, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: Buffer.from(body) };
};

/** Null (after a loud skip) where Python or the package index is missing. */
export const startAws = async (): Promise<Aws | null> => {
  const [moto, s3] = await Promise.all([startMotoServer(), startS3Server()]);
  if (moto === null || s3 === null) {
    await Promise.all([moto?.stop(), s3?.stop()]);
    return null;
  }
  const kinesis = await startLocalKinesis(null);
  const directory = await mkdtemp(join(tmpdir(), 'vpcflow-doctor-'));
  const java = join(directory, 'java');
  await writeFile(java, '#!/bin/sh\necho \'openjdk version "17.0.15" 2025-04-15\' >&2\n', { mode: 0o755 });
  await writeFile(join(directory, `amazon-kinesis-client-multilang-${KCL.version}.jar`), '');
  const rules: Rules = { answers: new Map(), hang: new Set(), ahead: 0, before: async () => undefined };
  const asked: string[] = [];
  const guarded = async (target: string) => {
    const proxy = await startFaultProxy(target);
    proxy.decide = async (request, forward) => {
      const action = actionOf(request);
      asked.push(action);
      await rules.before(
        action,
        /Credential=[^/]+\/\d+\/([^/]+)/.exec(String(request.headers.authorization))?.[1] ?? '',
      );
      if (rules.hang.has(action)) return await new Promise<never>(() => undefined);
      const { status, headers, body } = rules.answers.get(action) ?? (await forward());
      return { status, headers: { ...headers, date: new Date(Date.now() + rules.ahead).toUTCString() }, body };
    };
    return proxy;
  };
  const proxies = await Promise.all([kinesis.place.endpoint, moto.endpoint, s3.endpoint].map(guarded));
  const [streams, others, objects] = proxies.map(({ endpoint }) => endpoint);
  return {
    ...{ kinesis, moto, s3, rules, asked, java, jars: directory, directory },
    environment: {
      AWS_ENDPOINT_URL_KINESIS: streams!,
      AWS_ENDPOINT_URL: others!,
      AWS_ENDPOINT_URL_S3: objects!,
      AWS_REGION: kinesis.place.region,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
      AWS_CONFIG_FILE: join(directory, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    stop: async () => {
      await Promise.all([...proxies, kinesis, moto, s3].map((server) => server.stop()));
      await rm(directory, { recursive: true });
    },
  };
};
