// `vpcflow backfill` as a process, with its lanes and a directory store: folders, failures, summaries and kill -9.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { listSources } from '../../../consumers/backfill/listing/sources.ts';
import { parseCommit } from '../../../pipeline/documents.ts';
import { EVERYTHING } from '../../../pipeline/s3-layout/selection.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { DEFAULT_FORMAT } from '../../../schemas/fields.ts';
import { DEFAULT_SETTINGS } from '../../../schemas/settings.ts';
import { requirement } from '../../requirements.ts';
import { runVpcflow, startVpcflow } from '../../run-vpcflow.ts';
import { until } from '../../until.ts';
import { envelope, file, text, withHeader } from './flow-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-backfills-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backfill = (store: string, ...args: readonly string[]) => runVpcflow(['backfill', '--store', store, ...args]);

const filesOf = (store: string, table: string): readonly string[] =>
  existsSync(join(store, table))
    ? readdirSync(join(store, table), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [];

const counts = (store: string) =>
  filesOf(store, 'commits')
    .map((path) => parseCommit(relative(store, path), readFileSync(path)))
    .map((document) => (document.kind === 'commit' ? document.counts : null));

const listed = async (operands: readonly string[]): Promise<readonly string[]> => {
  const client = () => Promise.reject(new Error('no client is needed'));
  const listing = { store: join(folder, 'none'), selection: EVERYTHING, client };
  const found = await Array.fromAsync(listSources(operands, listing));
  return found.map((one) => (one instanceof VpcflowError ? one.sentence : one.name));
};

/** The digests of a store by key. */
const digests = (store: string): Record<string, string> =>
  Object.fromEntries(filesOf(store, 'digests').map((path) => [relative(store, path), readFileSync(path, 'base64')]));

describe('a folder', () => {
  test('is read with all below it; what cannot be read is named, after the others are done', async () => {
    const [source, store] = [join(folder, 'mixed'), join(folder, 'mixed-store')];
    file(join(source, 'a.log'), text(10));
    file(join(source, 'b', 'c.gz'), gzipSync(text(10, 10)));
    file(join(source, 'b', 'd'), gzipSync(envelope(5, 20)));
    file(join(source, 'b', 'header.gz'), withHeader(4));
    file(join(source, 'copy.log'), text(10));
    symlinkSync(join(source, 'nowhere'), join(source, 'dangling'));
    file(join(source, '.hidden'), text(3, 90));
    const missing = join(source, 'missing');
    const list = file(join(folder, 'mixed-list'), 'ftp://host/path\n');
    const first = await backfill(store, source, missing, '--sources', list);
    expect([first.status, first.stdout]).toEqual([1, '']);
    expect(first.stderr.split('\n')).toEqual([
      expect.stringMatching(/^vpcflow: cannot read .*dangling; .* \(VF_SOURCE_UNREADABLE\)$/),
      expect.stringMatching(/^vpcflow: cannot read .*missing; .* \(VF_SOURCE_UNREADABLE\)$/),
      expect.stringMatching(/^vpcflow: ftp:\/\/host\/path .* \(VF_USAGE\)$/),
      `vpcflow: to read just these again: vpcflow backfill --store ${store} ${join(source, 'dangling')} ${missing}`,
      '8 files: 4 loaded, 1 already there, 3 failed',
      '29 lines: 29 flows, 0 NODATA, 0 SKIPDATA, 0 rejects',
      expect.stringMatching(/^1\.\d\d kB in \d+\.\d s: /),
      '',
    ]);
    expect(counts(store)).toHaveLength(4);
    const again = await backfill(store, source);
    expect(again.stderr).toContain('6 files: 0 loaded, 5 already there, 1 failed');
    expect(counts(store)).toHaveLength(4);
  });

  test('is listed in one order, once, links included', async () => {
    const source = join(folder, 'order');
    for (const name of ['b/2', 'b/10', 'a', 'B', 'ä']) file(join(source, name), name);
    symlinkSync(source, join(source, 'b', 'loop'));
    symlinkSync(join(source, 'a'), join(source, 'z'));
    const found = await listed([join(source, 'b'), source]);
    expect(found.map((path) => relative(source, path))).toEqual([
      'b/10',
      'b/2',
      'b/loop/B',
      'b/loop/a',
      'b/loop/z',
      'b/loop/ä',
    ]);
  });

  test('may hold the store that is written to, which is no source', async () => {
    const source = join(folder, 'around');
    file(join(source, 'a.log'), text(10));
    const store = join(source, 'data');
    expect((await backfill(store, source)).stderr).toContain('1 file: 1 loaded, 0 already there');
    expect((await backfill(store, source)).stderr).toContain('1 file: 0 loaded, 1 already there');
  });

  test('without files is a problem, with nothing but the store, too', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(join(empty, 'deep', 'er'), { recursive: true });
    file(join(empty, '.hidden'), text(3));
    const { status, stderr } = await backfill(join(folder, 'empty-store'), empty);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vpcflow: there is no file in .*empty; .* \(VF_SOURCE_UNREADABLE\)$/m);
    const [around, store] = [join(folder, 'only-store'), join(folder, 'only-store', 'data')];
    file(join(store, 'store.json'), '{}');
    expect((await backfill(store, around)).stderr).toContain(`there is no file in ${around}`);
  });

  test('with a name that is not UTF-8 says so, and reads the rest', async () => {
    const source = join(folder, 'latin');
    file(join(source, 'a.log'), text(2));
    writeFileSync(Buffer.concat([Buffer.from(`${source}/b`), Buffer.from([0xff]), Buffer.from('.log')]), text(1, 5));
    const { status, stderr } = await backfill(join(folder, 'latin-store'), source);
    expect(status).toBe(1);
    expect(stderr).toMatch(/its name is not UTF-8; rename it/);
    expect(stderr).toMatch(/to read just these again: vpcflow backfill --store \S+latin-store \S+latin$/m);
    expect(stderr).toContain('2 files: 1 loaded, 0 already there, 1 failed');
  });
});

test('an operand that is no place to read from is wrong usage, before anything is opened', async () => {
  for (const operand of ['s3://', 's3://B', 'ftp://host/path']) {
    const store = join(folder, 'never');
    const { status, stderr } = await backfill(store, join(folder, 'mixed'), operand);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/ \(VF_USAGE\)\n$/)]);
    expect(existsSync(store)).toBe(false);
  }
});

test('what was named and not met is said', async () => {
  const key = 'AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/20/';
  const name = '123456789012_vpcflowlogs_eu-west-1_fl-0a_20261120T0500Z_0a.log';
  file(join(folder, 'selected', key, name), text(3));
  const args = ['--accounts', '123456789012,210987654321', '--regions', 'us-east-1,eu-west-1'];
  const { status, stderr } = await backfill(join(folder, 'selected-store'), ...args, join(folder, 'selected'));
  expect(status).toBe(0);
  expect(stderr.split('\n').slice(0, 3)).toEqual([
    'nothing of account 210987654321 was found',
    'nothing of region us-east-1 was found',
    '1 file: 1 loaded, 0 already there',
  ]);
  const nothing = await backfill(join(folder, 'selected-store'), '--regions', 'eu-west-3', join(folder, 'selected'));
  expect(nothing.stderr).toContain('nothing of what was asked for was found');
});

test('a dry run says what is in the files and leaves no store behind', async () => {
  const store = join(folder, 'dry-store');
  const source = file(
    join(folder, 'dry.log'),
    `${text(10)}nonsense\n2 123456789012 eni-1 - - - - - - - 1790000000 1790000060 - NODATA\n`,
  );
  const copy = join(folder, 'dry-copy.log');
  copyFileSync(source, copy);
  const { status, stderr } = await backfill(store, '--dry-run', source, copy);
  expect(status).toBe(0);
  expect(stderr).toContain('2 files: 1 readable, 1 already there; nothing was written');
  expect(stderr).toContain('12 lines: 10 flows, 1 NODATA, 0 SKIPDATA, 1 reject (token_count 1)');
  expect(existsSync(store)).toBe(false);
});

test('the log group chooses among the declared formats', async () => {
  const formats = file(join(folder, 'formats.json'), '{"edge/*": "${dstaddr} ${bytes} ${start}"}');
  const source = file(join(folder, 'edge.log'), '10.0.0.1 5 1790000000\n10.0.0.2 6 1790000001\n');
  const store = join(folder, 'edge-store');
  const args = ['--formats', formats, source] as const;
  expect((await backfill(store, '--dry-run', ...args)).stderr).toContain('2 rejects');
  expect((await backfill(store, '--log-group', 'edge/one', ...args)).stderr).toContain('2 lines: 2 flows');
  const declared = filesOf(store, 'configs').map((path) => JSON.parse(readFileSync(path, 'utf8')));
  expect(declared).toEqual([
    {
      ...DEFAULT_SETTINGS,
      formats: [{ logGroup: 'edge/*', format: '${dstaddr} ${bytes} ${start}' }],
      logGroup: 'edge/one',
    },
  ]);
});

test('the log group says nothing about lines that come with one of their own', async () => {
  // The default format with two fields exchanged: read with the wrong one, nothing is rejected.
  const swapped = DEFAULT_FORMAT.replace('${packets} ${bytes}', '${bytes} ${packets}');
  const formats = file(join(folder, 'swapped.json'), JSON.stringify({ 'edge/*': swapped }));
  const source = file(join(folder, 'other-group.json'), envelope(50));
  const [without, store] = [join(folder, 'no-group-store'), join(folder, 'group-store')];
  await backfill(without, '--formats', formats, source);
  await backfill(store, '--formats', formats, '--log-group', 'edge/one', source);
  expect(counts(store)).toEqual(counts(without));
  expect(counts(store)).toMatchObject([{ flows: 50, rejects: { total: 0 } }]);
});

test('a name with other content is refused until --as-new', async () => {
  const store = join(folder, 'reuse-store');
  const source = file(join(folder, 'reuse.log'), text(5));
  expect((await backfill(store, source)).status).toBe(0);
  file(source, text(6));
  const refused = await backfill(store, source);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('(VF_NAME_REUSED)');
  expect((await backfill(store, '--as-new', source)).status).toBe(0);
  expect(counts(store).map((count) => count?.flows)).toEqual(expect.arrayContaining([5, 6]));
});

test('a store that cannot be written ends the run with one sentence', async () => {
  const store = file(join(folder, 'no-store'), 'a file');
  const { status, stderr } = await backfill(store, file(join(folder, 'one.log'), text(1)));
  expect(status).toBe(1);
  expect(stderr).toMatch(/^vpcflow: [^\n]+ \(VF_STORE_UNREACHABLE\)\n$/);
});

describe('ended early', () => {
  const source = join(folder, 'many');
  for (let i = 0; i < 60; i++) file(join(source, `${i}.log.gz`), gzipSync(text(2000, i * 2000)));
  const whole = join(folder, 'many-whole');

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'by %s, it is finished by the next run to the same digests',
    async (signal) => {
      const store = join(folder, `many-${signal}`);
      const running = startVpcflow(['backfill', '--store', store, source]);
      await until('the first object is committed', () => filesOf(store, 'commits').length > 0);
      running.process.kill(signal);
      const ended = await running.ended;
      if (signal === 'SIGKILL') expect(ended.signal).toBe(signal);
      else expect([ended.status, ended.stderr.includes('interrupted; run it again')]).toEqual([1, true]);
      if (!existsSync(whole)) expect((await backfill(whole, source)).status).toBe(0);
      expect((await backfill(store, source)).status).toBe(0);
      expect(digests(store)).toEqual(digests(whole));
      expect(counts(store)).toHaveLength(60);
      const audit = await runVpcflow(['audit', '--store', store, '--format', 'json']);
      const bytes = 100 * ((120_000 * 120_001) / 2);
      expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, records: 60, flows: 120_000, bytes, gaps: [] });
    },
  );
});

const samples = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'samples', 'flow-lines');
const haveSamples = requirement(
  'the folder of real flow-log lines',
  existsSync(samples),
  'reads logs of other projects',
);

describe.skipIf(!haveSamples)('the logs of other projects', () => {
  test('count out to the lines that they have', async () => {
    const store = join(folder, 'samples-store');
    const logs = (await listed([samples])).filter((path) => path.endsWith('.log'));
    expect(logs.length).toBeGreaterThan(3);
    expect((await backfill(store, ...logs)).status).toBe(0);
    // Counted independently: what is neither empty nor a header of field names.
    const nonEmpty = new Set(logs.map((path) => readFileSync(path, 'utf8'))).values();
    const expected = [...nonEmpty]
      .flatMap((content) => content.split('\n'))
      .filter((line) => line.trim() !== '' && !/^version |\baccount-id\b/.test(line.trim())).length;
    const audit = await runVpcflow(['audit', '--store', store, '--format', 'json']);
    expect(audit.status).toBe(0);
    const objects = new Set(logs.map((path) => readFileSync(path, 'utf8'))).size;
    const proven = { ok: true, records: objects, lines: expected, gaps: [] };
    expect(JSON.parse(audit.stdout)).toMatchObject(proven);
  });
});
