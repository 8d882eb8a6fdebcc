// `vpcflow audit` as it is run: what it prints, where, and its exit status.
import { mkdtemp, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../consumers/audit.ts';
import { readOptions } from '../../consumers/shared/read-options.ts';
import { DirectoryStore } from '../../consumers/shared/store/directory.ts';
import { parseExactJson } from '../../pipeline/canonical-json.ts';
import { BEGIN, digest, SHARD, STREAM, written } from '../audited-store.ts';
import { collect } from '../contracts/store-place.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

let path: string;

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'vpcflow-audit-command-')), 'data');
  await digest(new DirectoryStore(path), written(4));
});

afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

const vpcflowAudit = async (given: Readonly<Record<string, string>>) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const options = readOptions(
    { options: ['store', 'start', 'stop', 'auditFormat'], required: [] },
    { store: path, ...given },
    {},
  );
  const clock = new ManualClock(BEGIN + 3 * 60_000);
  const [out, err] = [text(stdout), text(stderr)];
  const status = await run({ args: [], options, stdout, stderr, clock, signal: new AbortController().signal });
  stdout.end();
  stderr.end();
  return { status, stdout: await out, stderr: await err };
};

const removeOne = async (prefix: string): Promise<string> => {
  const [first] = await collect(new DirectoryStore(path).list(prefix));
  if (first === undefined) throw new Error(`nothing under ${prefix}`);
  await unlink(join(path, first.key));
  return first.key;
};

const SHAPE = [
  ...['ok', 'objects', 'records', 'envelopes', 'control', 'duplicates', 'overlaps', 'lines', 'flows', 'nodata'],
  ...['skipdata', 'events', 'skipped', 'rejects', 'replayed', 'packets', 'bytes', 'rows', 'gaps'],
];

it('prints JSON of exactly the documented shape, with exact integers, and succeeds', async () => {
  const { status, stdout, stderr } = await vpcflowAudit({ format: 'json' });
  expect([status, stderr]).toEqual([0, '']);
  const report = parseExactJson(stdout);
  expect(Object.keys(report ?? {})).toEqual(SHAPE);
  expect(report).toMatchObject({
    ok: true,
    records: 8,
    flows: 10,
    packets: 5n * 9007199254740991n + 15n,
    rejects: { total: 7, lines: 6, envelopes: 1, by_reason: { bad_number: 3, envelope_truncated: 1, token_count: 3 } },
    gaps: [],
  });
});

it('prints a table for a person', async () => {
  const { status, stdout } = await vpcflowAudit({});
  expect(status).toBe(0);
  expect(stdout).toMatch(/^lines +20$/m);
  expect(stdout).toMatch(/^ {2}token_count +3$/m);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('ok: every line is counted out, and the rows add up to the counts');
});

it('fails with the gap named, on stdout and on stderr', async () => {
  const key = await removeOne('digests/');
  const json = await vpcflowAudit({ format: 'json' });
  expect(json.status).toBe(1);
  expect(parseExactJson(json.stdout)).toMatchObject({ ok: false, gaps: [{ what: 'missing object', expected: key }] });
  expect(json.stderr).toContain(`missing object: expected ${key}, found nothing`);
  const table = await vpcflowAudit({});
  expect(table.status).toBe(1);
  expect(table.stdout).toMatch(/^gap: .*missing object: expected digests/m);
  expect(table.stdout).toMatch(/^not ok: 1 gap; /m);
});

it('says beside the JSON what has expired', async () => {
  await removeOne('claims/');
  const { status, stderr } = await vpcflowAudit({ format: 'json' });
  expect(status).toBe(0);
  expect(stderr).toMatch(/^expired: the chain of .* is kept from after \d+ on/m);
});

it('takes a window of arrival hours that ends now where no end is given', async () => {
  const six = await vpcflowAudit({ format: 'json', start: '2026-11-20T06:00:00Z' });
  expect(parseExactJson(six.stdout)).toMatchObject({ ok: true, records: 4 });
  const five = await vpcflowAudit({ format: 'json', start: '2026-11-20T05:30:00Z', stop: '2026-11-20T05:31:00Z' });
  expect(parseExactJson(five.stdout)).toMatchObject({ ok: true, records: 4 });
  await expect(vpcflowAudit({ stop: 'now' })).rejects.toMatchObject({ code: 'VF_BAD_TIME' });
});

it('refuses a place where nothing was ever written', async () => {
  await expect(vpcflowAudit({ store: join(path, 'elsewhere') })).rejects.toMatchObject({ code: 'VF_STORE_MISSING' });
});

it('calls a chain open whose last claim has no commit', async () => {
  const keys = await collect(new DirectoryStore(path).list('commits/date=2026-11-20/hour=06/'));
  await unlink(join(path, keys.at(-1)?.key ?? ''));
  const { status, stdout } = await vpcflowAudit({});
  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`^open: ${STREAM}-${SHARD}-after-\\d{56}$`, 'm'));
});
