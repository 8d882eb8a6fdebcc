// Which objects of a bucket are sources, against a real S3 server: what is asked of it, what is left out, what is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNTS, awsKey, REGIONS } from '../../../pipeline/s3-layout/flow-log-keys.ts';
import { isList } from '../../../s3-proxy.ts';
import { startS3Server } from '../../../s3-server.ts';
import { file } from '../flow-files.ts';
import { BUCKET, openBucket } from './bucket.ts';

const server = await startS3Server();
const bucket = server === null ? null : await openBucket(server);
const folder = mkdtempSync(join(tmpdir(), 'vpcflow-listing-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await bucket?.stop();
});

const at = (text: string): number => Date.parse(text);
const HOUR = 3_600_000;

describe.skipIf(bucket === null)('a bucket', async () => {
  // Skipped without it.
  const { put, list, proxy } = bucket as NonNullable<typeof bucket>;
  beforeEach(() => {
    proxy.fault = () => null;
  });

  // 3 accounts, 3 regions, 4 days, every 6 hours two files.
  const layout = { root: 'central/', hive: false, hours: true, organisation: false };
  const times = Array.from({ length: 16 }, (_, i) => at('2026-11-18T00:00:00Z') + i * 6 * HOUR);
  const keys = ACCOUNTS.flatMap((account) =>
    REGIONS.flatMap((region) => times.map((time) => awsKey(layout, account, region, time))),
  ).sort();
  const trail = 'central/AWSLogs/111111111111/CloudTrail/us-east-1/2026/11/20';
  await Promise.all(keys.map((key) => put(key)));
  await Promise.all(Array.from({ length: 30 }, (_, i) => put(`${trail}/${i}.json.gz`)));
  await put('central/AWSLogs/111111111111/CloudTrail/');

  test('is listed whole in its order, with size and tag, without other services', async () => {
    const { names, sources, facts, problems, requests } = await list([`s3://${BUCKET}/central`]);
    expect(problems).toEqual([]);
    expect(names).toEqual(keys);
    expect(sources[0]).toEqual({
      kind: 's3',
      name: `s3://${BUCKET}/${keys[0]}`,
      size: keys[0]?.length,
      bucket: BUCKET,
      key: keys[0],
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      versionId: null,
    });
    expect(facts).toMatchObject({ objects: 144, siblings: 30, empty: 1, unknown: 0, prunedObjects: 0, prefixes: 1 });
    expect(facts.bytes).toBe(keys.reduce((sum, key) => sum + key.length, 0));
    expect(facts.days.size).toBe(36);
    expect(facts.days.get('111111111111 us-east-1 2026-11-19')).toEqual({ objects: 4, bytes: expect.any(Number) });
    expect([facts.requests, facts.heads]).toEqual([requests.filter(isList).length, 1]);
    expect(requests).toHaveLength(2);
  });

  test('is pruned before it is listed: an account and a quarter of an hour take nine requests', async () => {
    const window = { start: at('2026-11-20T12:00:00Z'), stop: at('2026-11-20T12:15:00Z') };
    const selection = { window, accounts: [ACCOUNTS[1] ?? ''] };
    const { names, facts, requests, problems } = await list([`s3://${BUCKET}/central/`], { selection });
    expect(problems).toEqual([]);
    expect(names).toEqual(keys.filter((key) => key.includes(`/${ACCOUNTS[1]}/`) && key.includes('20261120T1200Z')));
    expect(names).toHaveLength(3);
    const asked = requests.map(({ query }) => `${query.get('prefix')}${query.get('delimiter') === '/' ? '|' : ''}`);
    const flowLogs = `central/AWSLogs/${ACCOUNTS[1]}/vpcflowlogs/`;
    expect(asked).toEqual([
      'central/|',
      'central/AWSLogs/|',
      `${flowLogs}|`,
      ...[...REGIONS]
        .sort()
        .flatMap((region) => [`${flowLogs}${region}/2026/11/20/|`, `${flowLogs}${region}/2026/11/20/12/`]),
    ]);
    expect(facts).toMatchObject({ requests: 9, heads: 0, prunedPrefixes: 2 + 3 * 3, objects: 3 });
  });

  test('is asked page by page, and past a directory of another service in one step', async () => {
    const small = new Map<string, number>();
    for (const size of [7, 1000]) {
      // The server is asked for smaller pages than the client wants, as S3 may decide for itself.
      proxy.fault = (request) => {
        request.query.set('max-keys', String(size));
        return null;
      };
      const { names, facts } = await list([`s3://${BUCKET}/central`]);
      expect(names).toEqual(keys);
      small.set(String(size), facts.requests);
    }
    expect(small.get('1000')).toBe(1);
    expect(small.get('7')).toBeGreaterThan(20);
    // 144 keys and the few of CloudTrail that share a page with them: not the 31 that there are.
    expect(small.get('7')).toBeLessThanOrEqual(Math.ceil((144 + 7) / 7) + 1);
  });

  test('has operands that are keys, prefixes and the whole of it; each object is given once', async () => {
    await put('single/flows.log.gz');
    await put('single/flows.log.gz.old/other.gz');
    await put('single-2/x.gz');
    await put('single/empty', '');
    await put('single/folder/');
    const key = `s3://${BUCKET}/single/flows.log.gz`;
    expect((await list([key])).names).toEqual(['single/flows.log.gz']);
    expect((await list([`s3://${BUCKET}/single`])).names).toEqual([
      'single/flows.log.gz',
      'single/flows.log.gz.old/other.gz',
    ]);
    const all = await list([key, `s3://${BUCKET}/single/`, key, `s3://${BUCKET}/single`, `s3://${BUCKET}`]);
    expect(new Set(all.names).size).toBe(all.names.length);
    expect(all.names).toHaveLength(144 + 3);
    expect(all.facts).toMatchObject({ objects: 147, unknown: 0 });
  });

  test('with a selection gives what tells nothing, and says how many', async () => {
    const window = { start: at('2026-11-20T12:00:00Z'), stop: at('2026-11-20T12:15:00Z') };
    await put('loose/flows.log.gz');
    await put('loose/2026/11/20/12/firehose-1');
    await put('loose/2026/11/20/15/firehose-2');
    await put('loose/2026/11/21/12/firehose-3');
    const { names, facts } = await list([`s3://${BUCKET}/loose`], { selection: { window } });
    expect(names).toEqual(['loose/flows.log.gz', 'loose/2026/11/20/12/firehose-1']);
    expect(facts).toMatchObject({ objects: 2, unknown: 1, prunedPrefixes: 2 });
  });

  test('may hold the store that is written to, which is no source', async () => {
    await put('both/flows.gz');
    for (let i = 0; i < 12; i++) await put(`both/data/commits/${i}.json`);
    await put('both/data-2/flows.gz');
    const store = `s3://${BUCKET}/both/data`;
    proxy.fault = (request) => {
      request.query.set('max-keys', '4');
      return null;
    };
    const { names, requests } = await list([`s3://${BUCKET}/both`], { store });
    expect(names).toEqual(['both/data-2/flows.gz', 'both/flows.gz']);
    expect(requests.filter(isList).length).toBeLessThanOrEqual(3);
    const window = { start: at('2026-11-20'), stop: at('2026-11-21') };
    const pruned = await list([`s3://${BUCKET}/both`], { store, selection: { window } });
    expect(pruned.names).toEqual(['both/flows.gz', 'both/data-2/flows.gz']);
    expect((await list([`s3://${BUCKET}/both/data-2`], { store: `s3://${BUCKET}` })).names).toEqual([
      'both/data-2/flows.gz',
    ]);
    const only = await list([store], { store });
    expect([only.names, only.problems.map(({ message }) => message)]).toEqual([
      [],
      [`there is no object at or below ${store}`],
    ]);
    expect(pruned.requests.filter(({ query }) => query.get('prefix')?.startsWith('both/data/'))).toEqual([]);
  });

  test('is read together with files of this machine, which are pruned by their names', async () => {
    const [wanted, other] = ['T1200Z', 'T1800Z'].map((time) => keys.find((key) => key.includes(`20${time}`)) ?? '');
    for (const key of [wanted, other, trail]) file(join(folder, key, '..', key.split('/').at(-1) ?? ''), key);
    file(join(folder, 'flows.log'), 'x');
    const window = { start: at('2026-11-20T12:00:00Z'), stop: at('2026-11-20T12:15:00Z') };
    const { names, facts, problems } = await list([folder, 'ftp://host/x', join(folder, 'none')], {
      selection: { window },
    });
    expect(names).toEqual([join(folder, wanted ?? ''), join(folder, 'flows.log')]);
    expect(facts).toMatchObject({ objects: 2, unknown: 1, prunedObjects: 1, siblings: 1, requests: 0 });
    expect(problems.map(({ source }) => source)).toEqual(['ftp://host/x', join(folder, 'none')]);
  });

  describe('says of what cannot be listed which it is, and goes on with the rest', () => {
    const gz = `s3://${BUCKET}/single/flows.log.gz`;

    test.each([
      [
        'access denied',
        403,
        'AccessDenied',
        /cannot list s3:\/\/flow-logs\/loose\/: access is denied/,
        /s3:ListBucket/,
      ],
      ['throttled', 503, 'SlowDown', /S3 asks to slow down/, /run it again/],
      ['elsewhere', 301, 'PermanentRedirect', /the bucket flow-logs is in another region/, /AWS_REGION/],
    ])('%s', async (_name, status, code, message, help) => {
      proxy.fault = (request) => (request.query.get('prefix') === 'loose/' ? { kind: 'answer', status, code } : null);
      const { names, problems } = await list([`s3://${BUCKET}/loose`, gz]);
      expect(names).toEqual(['single/flows.log.gz']);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ code: 'VF_SOURCE_UNREADABLE', source: `s3://${BUCKET}/loose/` });
      expect(problems[0]?.message).toMatch(message);
      expect(problems[0]?.help).toMatch(help);
    });

    test('one prefix of several below an operand', async () => {
      const denied = `central/AWSLogs/${ACCOUNTS[0]}/vpcflowlogs/`;
      proxy.fault = ({ query }) =>
        query.get('prefix') === denied ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null;
      const window = { start: at('2026-11-20T12:00:00Z'), stop: at('2026-11-20T12:15:00Z') };
      const { names, problems } = await list([`s3://${BUCKET}/central`], { selection: { window } });
      expect(names).toHaveLength(6);
      expect(problems.map(({ source }) => source)).toEqual([`s3://${BUCKET}/${denied}`]);
    });

    test('once, where nobody can be asked any more', async () => {
      const first = `central/AWSLogs/${ACCOUNTS[0]}/vpcflowlogs/`;
      proxy.fault = ({ query }) =>
        query.get('prefix')?.startsWith(first) ? { kind: 'answer', status: 403, code: 'ExpiredToken' } : null;
      const window = { start: at('2026-11-20T12:00:00Z'), stop: at('2026-11-20T12:15:00Z') };
      const { names, problems, requests } = await list([`s3://${BUCKET}/central`, gz], { selection: { window } });
      expect(names).toEqual(['single/flows.log.gz']);
      expect(problems.map(({ code, source }) => [code, source])).toEqual([['VF_SERVICE', `s3://${BUCKET}/central/`]]);
      expect(requests.filter(isList).at(-1)?.query.get('prefix')).toBe(first);
    });

    test('a key that may be read where nothing may be listed', async () => {
      proxy.fault = (request) => (isList(request) ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null);
      const { names, problems } = await list([gz, `s3://${BUCKET}/loose`]);
      expect(names).toEqual(['single/flows.log.gz']);
      expect(problems.map(({ source }) => source)).toEqual([`s3://${BUCKET}/loose/`]);
    });

    test('a bucket that is not there, a prefix with nothing below it, and what is no bucket', async () => {
      const window = { start: at('2026-11-20T12:00:00Z'), stop: at('2026-11-20T12:15:00Z') };
      const operands = ['s3://no-such-bucket/x', `s3://${BUCKET}/centra`, 's3://UPPER/x', gz];
      const prefix = `s3://${BUCKET}/central/AWSLogs/444444444444/`;
      const { names, problems } = await list([...operands, prefix], { selection: { window } });
      expect(names).toEqual(['single/flows.log.gz']);
      expect(problems.map(({ code, message }) => `${code} ${message}`)).toEqual([
        'VF_SOURCE_UNREADABLE cannot list s3://no-such-bucket/x/: there is no bucket no-such-bucket',
        `VF_SOURCE_UNREADABLE there is no object at or below s3://${BUCKET}/centra`,
        expect.stringMatching(/^VF_USAGE s3:\/\/UPPER\/x is no place in S3/),
        `VF_SOURCE_UNREADABLE there is no object at or below ${prefix}`,
      ]);
    });

    test('an object in an archive, without asking for it', async () => {
      await put('archive/a.gz', 'a', 'DEEP_ARCHIVE');
      await put('archive/b.gz', 'b', 'GLACIER_IR');
      await put('archive/c.gz', 'c', 'GLACIER');
      for (const operands of [
        [`s3://${BUCKET}/archive`],
        ['a', 'b', 'c'].map((n) => `s3://${BUCKET}/archive/${n}.gz`),
      ]) {
        const { names, problems } = await list(operands);
        expect(names).toEqual(['archive/b.gz']);
        expect(problems.map(({ message }) => message)).toEqual([
          `cannot read s3://${BUCKET}/archive/a.gz: it is in the storage class DEEP_ARCHIVE`,
          `cannot read s3://${BUCKET}/archive/c.gz: it is in the storage class GLACIER`,
        ]);
        expect(problems[0]?.help).toContain(`aws s3api restore-object --bucket ${BUCKET} --key 'archive/a.gz'`);
        expect(problems[0]?.source).toBe(`s3://${BUCKET}/archive/a.gz`);
      }
    });

    test('but not one that was restored from it', async () => {
      const object = (key: string, status: string): string =>
        `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag><StorageClass>GLACIER</StorageClass><RestoreStatus>${status}</RestoreStatus></Contents>`;
      const there = '<RestoreExpiryDate>2026-12-01T00:00:00Z</RestoreExpiryDate>';
      const [restored, under] = [
        `<IsRestoreInProgress>false</IsRestoreInProgress>${there}`,
        '<IsRestoreInProgress>true</IsRestoreInProgress>',
      ];
      proxy.fault = ({ method }) => {
        const archived = { 'x-amz-storage-class': 'GLACIER', 'content-length': '1', etag: '"e"' };
        const body = `<ListBucketResult>${object('r/a', restored)}${object('r/b', under)}</ListBucketResult>`;
        return method === 'HEAD'
          ? { kind: 'say', body: '', headers: { ...archived, 'x-amz-restore': 'ongoing-request="true"' } }
          : { kind: 'say', body, headers: { 'content-type': 'application/xml' } };
      };
      const { names, problems, requests } = await list([`s3://${BUCKET}/r/`, `s3://${BUCKET}/r2/c`]);
      expect(requests[0]?.headers['x-amz-optional-object-attributes']).toBe('RestoreStatus');
      expect(names).toEqual(['r/a']);
      expect(problems.map(({ message }) => message)).toEqual([
        `cannot read s3://${BUCKET}/r/b: it is in the storage class GLACIER and being restored`,
        `cannot read s3://${BUCKET}/r2/c: it is in the storage class GLACIER and being restored`,
      ]);
      proxy.fault = () => ({
        ...{ kind: 'say', body: '' },
        headers: {
          ...{ 'x-amz-storage-class': 'GLACIER', 'content-length': '1', etag: '"e"' },
          'x-amz-restore': 'ongoing-request="false", expiry-date="Fri, 01 Dec 2026 00:00:00 GMT"',
        },
      });
      expect((await list([`s3://${BUCKET}/r/c`])).names).toEqual(['r/c']);
    });
  });
});
