// Objects that cannot be read, wholly or in one page, or that vanish: answers are without them, say so and name them.
import { createHash } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run as rows } from '../../../consumers/query/commands/rows.ts';
import { auditStore } from '../../../consumers/shared/audit/audit-store.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { S3Store } from '../../../consumers/shared/store/s3.ts';
import { createS3Client } from '../../../consumers/shared/store/s3-client.ts';
import { DIGEST_COLUMNS } from '../../../schemas/columns.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { BEGIN, digest, written } from '../../audited-store.ts';
import { collect } from '../../contracts/store-place.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { parquetRows } from '../../fakes/parquet-rows.ts';
import { s3Environment, startS3Server } from '../../s3-server.ts';
import { runCommand } from './run-command.ts';
import { serving, startServer } from './serving.ts';

const { start, path } = serving();

const WINDOW = { start: '2026-11-20T05:00:00Z', stop: '2026-11-20T07:00:00Z' };
const ASKED = `start=${WINDOW.start}&stop=${WINDOW.stop}&lateness=0s&group=minute,srcaddr,dstaddr,interface_id,action`;
const clock = () => new ManualClock(BEGIN + 60 * 60_000);

/** What may have become of an object. */
const DAMAGES: readonly (readonly [string, (body: Buffer) => Buffer, string])[] = [
  ['empty', () => Buffer.alloc(0), 'it is empty'],
  ['no Parquet', () => Buffer.from('this is not Parquet, is it'), 'does not end with PAR1'],
  ['half written', (body) => body.subarray(0, body.length / 2), 'does not end with PAR1'],
  ['of a wrong footer', (body) => Buffer.from(body).fill(0xff, body.length - 200, body.length - 8), ''],
  ['damaged in a page', (body) => Buffer.from(body).fill(0xa5, 4, 44), 'not all of its values can be read'],
];

/** The key of the first object of digests, whose content is replaced. */
async function damage(store: ObjectStore, replace: (body: Buffer) => Buffer): Promise<string> {
  const [first] = await collect(store.list('digests/'));
  const stored = await store.get(first.key);
  await store.put(first.key, replace(stored!.body));
  return first.key;
}

interface Answer {
  readonly complete: boolean;
  readonly warnings: readonly string[];
  readonly rows: readonly unknown[];
}

const bodyOf = async (url: string): Promise<{ readonly response: Response; readonly body: Answer }> => {
  const response = await fetch(`${url}/v1/rows?${ASKED}&format=json`);
  return { response, body: (await response.json()) as Answer };
};

/** The rows of the same store without its first object of digests. */
let expected: readonly unknown[];
beforeAll(async () => {
  const store = new DirectoryStore(path('without'));
  await digest(store, written(4));
  const [first] = await collect(store.list('digests/'));
  await store.remove(first.key);
  const server = await startServer({ store, clock: clock() });
  expected = (await bodyOf(server.url)).body.rows;
  await server.close();
  expect(expected.length).toBeGreaterThan(0);
});

const placeOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 8);

describe.each(DAMAGES)('an object that is %s', (name, replace, reason) => {
  const place = placeOf(name);

  test('is left out of answers over HTTP, which name it and are not complete', async () => {
    const store = new DirectoryStore(path(place));
    await digest(store, written(4));
    const key = await damage(store, replace);
    const { url } = await start({ store, clock: clock() });
    const { response, body } = await bodyOf(url);
    expect(response.status).toBe(200);
    expect(body).toMatchObject({ complete: false, warnings: [expect.stringContaining(`${key} is left out: `)] });
    expect(body.warnings[0]).toContain(reason);
    expect(body.rows).toEqual(expected);
    expect(response.headers.get('x-vpcflow-complete')).toBe('false');
    expect(response.headers.get('x-vpcflow-warnings')).toBe(body.warnings[0]);
  });
});

test('the headers of every format name an object of which a page is damaged', async () => {
  const store = new DirectoryStore(path('headers'));
  await digest(store, written(4));
  const key = await damage(store, DAMAGES[4][1]);
  for (const format of ['csv', 'ndjson', 'parquet', 'arrow']) {
    const { url, close } = await start({ store, clock: clock() }); // which has met no damage yet
    const response = await fetch(`${url}/v1/rows?${ASKED}&format=${format}`);
    const { status, headers } = response;
    await response.arrayBuffer();
    expect([format, status, headers.get('x-vpcflow-complete')]).toEqual([format, 200, 'false']);
    expect(headers.get('x-vpcflow-warnings')).toContain(`${key} is left out: `);
    await close();
  }
});

describe.each([DAMAGES[2], DAMAGES[4]])('an object that is %s', (name, replace) => {
  const place = placeOf(name);

  test('is named on stderr by the command, and by the audit', async () => {
    const store = new DirectoryStore(path(`${place}-command`));
    await digest(store, written(4));
    const key = await damage(store, replace);
    const given = { ...WINDOW, store: store.uri, group: 'srcaddr' };
    const printed = await runCommand(rows, ['store', 'start', 'stop', 'columns'], given, BEGIN + 3_600_000);
    expect(printed.status).toBe(0);
    expect(printed.stderr).toContain(`${key} is left out: `);
    const { report } = await auditStore(store, { window: null });
    expect(report.gaps.map(({ what, expected }) => [what, expected])).toContainEqual(['readable object', key]);
  });
});

test('an object that is damaged in a page is left out of every kind of answer, and the same again is known', async () => {
  const store = new DirectoryStore(path('kinds'));
  await digest(store, written(4));
  const key = await damage(store, DAMAGES[4][1]);
  const { url } = await start({ store, clock: clock() });
  for (const what of ['graph', 'series', 'coverage', 'rows']) {
    const answer = await fetch(`${url}/v1/${what}?start=${WINDOW.start}&stop=${WINDOW.stop}`);
    expect([answer.status, answer.headers.get('x-vpcflow-complete')]).toEqual([200, 'false']);
    expect(answer.headers.get('x-vpcflow-warnings')).toContain(key);
    await answer.text();
    const again = await fetch(answer.url, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  }
});

test('an object that is damaged in a page spoils no window that its footer rules out', async () => {
  const store = new DirectoryStore(path('ruled-out'));
  await digest(store, written(4));
  await damage(store, DAMAGES[4][1]);
  const { url } = await start({ store, clock: clock() });
  expect((await bodyOf(url)).body.complete).toBe(false);
  const earlier = `${url}/v1/rows?start=2026-11-20T05:00:00Z&stop=2026-11-20T05:30:00Z&lateness=0s&format=json`;
  const response = await fetch(earlier);
  expect(((await response.json()) as Answer).warnings).toEqual([]);
  expect(response.headers.get('x-vpcflow-complete')).toBe('true');
});

test('an object without the columns that each has is left out of every kind of answer, and named', async () => {
  const store = new DirectoryStore(path('foreign'));
  await digest(store, written(4));
  const [first] = await collect(store.list('digests/'));
  const foreign = DIGEST_COLUMNS.filter(({ name }) => name !== 'start' && name !== 'end');
  await store.put(first.key, await parquetRows(foreign, [{ minute: '2026-11-20T05:58:00Z', flows: 1, bytes: 1 }]));
  const { url } = await start({ store, clock: clock() });
  for (const what of ['graph', 'series', 'coverage', 'rows', 'diff']) {
    const answer = await fetch(`${url}/v1/${what}?start=${WINDOW.start}&stop=${WINDOW.stop}&lateness=0s`);
    expect([what, answer.status]).toEqual([what, 200]);
    expect(answer.headers.get('x-vpcflow-warnings')).toContain(`${first.key} is left out: it has no column start`);
    await answer.text();
  }
});

test('once it is restored, an object belongs to the answers again', async () => {
  const store = new DirectoryStore(path('restored'));
  await digest(store, written(4));
  const [first] = await collect(store.list('digests/'));
  const { body: whole } = (await store.get(first.key))!;
  const { url } = await start({ store, clock: clock() });
  const before = (await bodyOf(url)).body;
  await damage(store, (body) => Buffer.from(body).fill(0xa5, 4, 44));
  expect((await bodyOf(url)).body.warnings.length).toBe(1);
  await store.put(first.key, whole);
  expect((await bodyOf(url)).body).toEqual(before);
});

describe('an object that vanishes between its listing and its reading', () => {
  test('is planned again, and not missed', async () => {
    const memory = new MemoryStore();
    await digest(memory, written(4));
    const [first] = await collect(memory.list('digests/'));
    const store = memory.client({
      beforeEach: (operation, key) => {
        if (operation === 'get' && key === first.key) memory.backing.delete(key);
      },
    });
    const { url } = await start({ store, clock: clock() });
    const { response, body } = await bodyOf(url);
    expect([response.status, body.warnings]).toEqual([200, []]);
    expect(body.rows).toEqual(expected);
  });

  test('but is listed again and again, is left out with a warning', async () => {
    const memory = new MemoryStore();
    await digest(memory, written(4));
    const [first] = await collect(memory.list('digests/'));
    const store: ObjectStore = Object.assign(memory.client(), {
      get: async (key: string) => (key === first.key ? null : memory.get(key)),
    });
    const { url } = await start({ store, clock: clock() });
    const { response, body } = await bodyOf(url);
    expect([response.status, body.complete]).toEqual([200, false]);
    expect(body.warnings).toEqual([`${first.key} is left out: it vanished while it was read`]);
  });
});

const server = await startS3Server();

describe.skipIf(server === null)('in S3', () => {
  beforeAll(() => {
    for (const [name, value] of Object.entries(s3Environment(server!.endpoint))) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server?.stop();
  });

  test.each([DAMAGES[0], DAMAGES[4]])('an object that is %s is left out and named', async (name, replace) => {
    const client = await createS3Client();
    const bucket = `vpcflow-${placeOf(name)}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const store = new S3Store(client, bucket, 'p');
    await digest(store, written(4));
    const key = await damage(store, replace);
    const { url } = await start({ store, clock: clock() });
    for (const _ of ['fetched', 'cached']) {
      const { response, body } = await bodyOf(url);
      expect([response.status, body.complete]).toEqual([200, false]);
      expect(body.warnings).toEqual([expect.stringContaining(key)]);
      expect(body.rows).toEqual(expected);
    }
  });
});
