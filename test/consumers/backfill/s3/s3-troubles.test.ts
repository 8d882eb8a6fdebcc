// `vpcflow backfill` from S3 as a process when things go wrong: objects that vanish, prefixes that are denied, and the
// command that it prints, run as printed once that is repaired.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createS3Client } from '../../../../consumers/shared/store/s3-client.ts';
import { type Ended, runVpcflow } from '../../../run-vpcflow.ts';
import { type ProxiedRequest, startS3Proxy } from '../../../s3-proxy.ts';
import { s3Environment, startS3Server } from '../../../s3-server.ts';
import { ROOT } from '../../../source-files.ts';
import { text } from '../flow-files.ts';
import { putAll } from '../flow-objects.ts';

const BUCKET = 'flow-logs';
const folder = mkdtempSync(join(tmpdir(), 'vpcflow-s3-troubles-'));
const server = await startS3Server();
const proxy = server === null ? null : await startS3Proxy(server.port);
const environment = { ...s3Environment(proxy?.endpoint ?? ''), TMPDIR: folder };

afterAll(async () => {
  vi.unstubAllEnvs();
  await proxy?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command line as a person would paste it. */
const shell = (line: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const program = `vpcflow() { "${process.execPath}" "${join(ROOT, 'consumers/vpcflow.ts')}" "$@"; }\n${line}`;
    const child = spawn('sh', ['-c', program], { env: { ...process.env, ...environment } });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject).on('close', (status, signal) => {
      resolve({ status, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });

const retryOf = ({ stderr }: Ended): string => {
  const [, command] = /^vpcflow: to read just these again: (.*)$/m.exec(stderr) ?? [];
  if (command === undefined) throw new Error(`no command in ${stderr}`);
  return command;
};

const audited = async (store: string): Promise<unknown> => {
  const audit = await runVpcflow(['audit', '--store', store, '--format', 'json']);
  return JSON.parse(audit.stdout);
};

const backfill = (store: string, ...args: readonly string[]) =>
  runVpcflow(['backfill', '--store', store, ...args], environment);

const gets = (): readonly string[] =>
  (proxy?.requests ?? []).filter(({ method, key }) => method === 'GET' && key !== '').map(({ key }) => key);

describe.skipIf(server === null)('objects of S3', () => {
  beforeAll(async () => {
    for (const [name, value] of Object.entries(s3Environment(server?.endpoint ?? ''))) vi.stubEnv(name, value);
    const client = await createS3Client();
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    // Thirty objects of ten lines: lines 0 to 299; the names are such as a shell would take apart.
    const objects = Array.from({ length: 30 }, (_, i) => ({
      key: `${i < 10 ? "it's denied" : 'good'}/$day ${i}.log.gz`,
      body: gzipSync(text(10, 10 * i)),
    }));
    await putAll(client, BUCKET, objects);
    await putAll(client, BUCKET, [
      { key: 'edge/one.log', body: Buffer.from('10.0.0.1 5 1790000000\n10.0.0.2 6 1790000001\n') },
    ]);
    client.destroy();
  });

  /** What fails from now on; null: nothing. */
  const fail = (wrong: ((request: ProxiedRequest) => string | null) | null): void => {
    if (proxy === null) return;
    proxy.requests.length = 0;
    proxy.fault = (request) => {
      const code = wrong?.(request) ?? null;
      return code === null ? null : { kind: 'answer', status: code === 'NoSuchKey' ? 404 : 403, code };
    };
  };

  const exact = { ok: true, records: 30, lines: 300, flows: 300, bytes: (100 * (300 * 301)) / 2, gaps: [] };

  test('that vanish, and a prefix that is denied: the rest is done, and the printed command does these', async () => {
    const store = join(folder, 'vanished');
    fail(({ key, query }) => {
      if (query.get('prefix')?.startsWith("it's denied") === true) return 'AccessDenied';
      return key === 'good/$day 12.log.gz' || key === 'good/$day 17.log.gz' ? 'NoSuchKey' : null;
    });
    const first = await backfill(store, `s3://${BUCKET}/it's denied/`, `s3://${BUCKET}/good/`);
    expect(first.status).toBe(1);
    const lines = first.stderr.trimEnd().split('\n');
    expect(lines.slice(0, 3).sort()).toEqual([
      expect.stringMatching(
        /^vpcflow: cannot list s3:\/\/flow-logs\/it's denied\/: access is denied .*\(VF_SOURCE_UNREADABLE\)$/,
      ),
      expect.stringMatching(
        /^vpcflow: cannot read s3:\/\/flow-logs\/good\/\$day 12\.log\.gz: it is not there any more; /,
      ),
      expect.stringMatching(
        /^vpcflow: cannot read s3:\/\/flow-logs\/good\/\$day 17\.log\.gz: it is not there any more; /,
      ),
    ]);
    expect(lines[4]).toBe('21 objects: 18 loaded, 0 already there, 3 failed');
    expect(readdirSync(folder).filter((name) => name.startsWith('vpcflow-spool-'))).toEqual([]);

    fail(null);
    const again = await shell(retryOf(first));
    expect([again.status, again.stderr.split('\n')[0]]).toEqual([0, '12 objects: 12 loaded, 0 already there']);
    expect(await audited(store)).toMatchObject(exact);
  });

  test('of which many fail: their names are in a file, and the command reads it', async () => {
    const store = join(folder, 'many');
    fail(({ key }) => (key === '' ? null : 'AccessDenied'));
    const first = await backfill(store, `s3://${BUCKET}/good/`, `s3://${BUCKET}/it's denied/`);
    expect(first.status).toBe(1);
    expect(first.stderr).toMatch(/^vpcflow: and 10 more$/m);
    expect(first.stderr).toMatch(/^30 objects: 0 loaded, 0 already there, 30 failed$/m);
    fail(null);
    const again = await shell(retryOf(first));
    expect([again.status, again.stderr.split('\n')[0]]).toEqual([0, '30 objects: 30 loaded, 0 already there']);
    expect(await audited(store)).toMatchObject(exact);
  });

  test('are named in a list that is streamed, beside operands', async () => {
    const store = join(folder, 'listed');
    fail(null);
    const list = join(folder, 'list');
    const names = Array.from({ length: 19 }, (_, i) => `s3://${BUCKET}/good/$day ${i + 11}.log.gz\n`);
    writeFileSync(list, `${names.join('\n')}\n  \n`);
    const first = await shell(
      `vpcflow backfill --store ${store} --sources - "s3://${BUCKET}/it's denied/" 's3://${BUCKET}/good/$day 10.log.gz' < ${list}`,
    );
    expect([first.status, first.stderr.split('\n')[0]]).toEqual([0, '30 objects: 30 loaded, 0 already there']);
    expect(await audited(store)).toMatchObject(exact);

    fail(null);
    const known = await backfill(store, '--sources', list);
    expect(known.stderr).toContain('19 objects: 0 loaded, 19 already there');
    expect(gets()).toEqual([]);
    const missing = await backfill(store, '--sources', join(folder, 'no-list'));
    expect([missing.status, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^vpcflow: cannot read the list of sources .*no-list; .*\(VF_SOURCE_UNREADABLE\)\n$/),
    ]);
  });

  test('are only listed by a dry run, which knows by their ETags what is there', async () => {
    const store = join(folder, 'dry');
    fail(null);
    await backfill(store, `s3://${BUCKET}/it's denied/`);
    fail(null);
    const dry = await backfill(store, '--dry-run', `s3://${BUCKET}/good/`, `s3://${BUCKET}/it's denied/`);
    expect(dry.status).toBe(0);
    expect(gets()).toEqual([]);
    expect(dry.stderr).toMatch(
      /^30 objects of S3, \d\.\d\d kB: 10 already there, 20 to read \(\d\.\d\d kB\); nothing was/m,
    );
    expect(dry.stderr).toMatch(
      /^a run takes about 20 GET, 0 PUT and 2 LIST requests: less than 0\.01 USD at list prices/m,
    );
    expect(existsSync(join(store, 'digests'))).toBe(true);
    const nowhere = join(folder, 'dry-nowhere');
    expect((await backfill(nowhere, '--dry-run', `s3://${BUCKET}/good/`)).stderr).toContain('0 already there');
    expect(existsSync(nowhere)).toBe(false);
  });

  test('are read by the format that is declared for their names', async () => {
    fail(null);
    const formats = join(folder, 'formats.json');
    writeFileSync(formats, JSON.stringify({ [`s3://${BUCKET}/edge/*`]: '${dstaddr} ${bytes} ${start}' }));
    const store = join(folder, 'edge');
    const args = ['--formats', formats, '--format', '${bytes}', `s3://${BUCKET}/edge/`];
    expect((await backfill(store, ...args)).stderr).toContain('2 lines: 2 flows');
    const [settings, ...others] = readdirSync(join(store, 'configs'));
    expect(others).toEqual([]);
    expect(JSON.parse(readFileSync(join(store, 'configs', String(settings)), 'utf8')).format).toBe(
      '${dstaddr} ${bytes} ${start}',
    );
  });
});

test('nothing to read is wrong usage', async () => {
  const { status, stderr } = await runVpcflow(['backfill']);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^vpcflow: no SOURCE is given; .*\(VF_USAGE\)\n$/)]);
});
