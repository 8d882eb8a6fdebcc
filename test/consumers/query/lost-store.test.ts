// A directory store that goes while it is served, objects that are links or directories, watermarks that cannot be read.
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStoreToRead } from '../../../consumers/shared/query/read-store.ts';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { ensureLayout } from '../../../consumers/shared/store/layout.ts';
import { keysOf } from '../../contracts/store-place.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { NOW, putGoldenStore } from './golden-store.ts';
import { fetchResult, windowQuery } from './predecessor/client.ts';
import { serving } from './serving.ts';

const { start, path } = serving();

/** Complete, as the golden watermarks say. */
const QUARTER = ['2026-11-20T05:00:00Z', '2026-11-20T05:15:00Z'] as const;
const ASKED = `/v1/rows?start=${QUARTER[0]}&stop=${QUARTER[1]}&format=json`;

async function goldenStore(name: string, { layout = true } = {}): Promise<string> {
  const store = new DirectoryStore(path(name));
  await putGoldenStore(store);
  if (layout) await ensureLayout(store);
  return path(name);
}

interface Answer {
  readonly complete: boolean;
  readonly warnings: readonly string[];
  readonly rows: readonly unknown[];
}

async function asked(url: string) {
  const response = await fetch(`${url}${ASKED}`);
  const body = (await response.json()) as Answer;
  return { status: response.status, headers: response.headers, body };
}

const codeOf = async (url: string): Promise<readonly [number, unknown]> => {
  const response = await fetch(url);
  const { code } = (await response.json()) as { readonly code?: unknown };
  return [response.status, code];
};

describe('a store that goes while it is served', () => {
  test.each([
    [
      'moved away',
      { layout: true },
      (root: string) => rename(root, `${root}-gone`),
      (root: string) => rename(`${root}-gone`, root),
    ],
    [
      'unmounted, so that an empty directory is left',
      { layout: true },
      async (root: string) => {
        await rename(root, `${root}-gone`);
        await mkdir(root);
      },
      async (root: string) => {
        await rm(root, { recursive: true });
        await rename(`${root}-gone`, root);
      },
    ],
    [
      'a part of a store, moved away',
      { layout: false },
      (root: string) => rename(root, `${root}-gone`),
      (root: string) => rename(`${root}-gone`, root),
    ],
  ])('is no store without traffic: %s', async (name, made, leave, come) => {
    const root = await goldenStore(`gone ${name}`, made);
    const clock = new ManualClock(NOW);
    const { url } = await start({ store: await openStoreToRead(root), clock });
    const before = await asked(url);
    expect(before.status).toBe(200);
    expect(await codeOf(`${url}/readyz`)).toEqual([200, undefined]);
    await leave(root);
    expect(await codeOf(url + ASKED)).toEqual([503, 'VF_STORE_UNREACHABLE']);
    expect(await codeOf(`${url}/v1/audit`)).toEqual([503, 'VF_STORE_UNREACHABLE']);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'not ready', why: ['store'] }]);
    await come(root);
    expect((await asked(url)).body).toEqual(before.body);
    await clock.advance(16_000);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
});

describe('an object that is no file', () => {
  const replacedBy = async (name: string, replace: (file: string) => Promise<unknown>) => {
    const root = await goldenStore(name);
    const store = await openStoreToRead(root);
    const [key] = await keysOf(store, 'digests/date=2026-11-20/hour=05/');
    const { url } = await start({ store });
    const whole = await asked(url);
    await rename(join(root, key), join(root, 'aside'));
    await replace(join(root, key));
    return { key, whole, part: await asked(url), url };
  };

  test.each([
    [
      'a link that leads nowhere',
      (file: string) => symlink('/nowhere/at/all', file),
      'it is a symbolic link that leads nowhere',
    ],
    ['a link to itself', (file: string) => symlink(file, file), 'it cannot be read (ELOOP)'],
    ['a directory', (file: string) => mkdir(file), 'it cannot be read (EISDIR)'],
  ])('but %s is left out, named, and the answer not complete', async (name, replace, reason) => {
    const { key, whole, part } = await replacedBy(name, replace);
    expect(whole.body.complete).toBe(true);
    expect(part.status).toBe(200);
    expect(part.body).toMatchObject({ complete: false, warnings: [`${key} is left out: ${reason}`] });
    expect(part.body.rows.length).toBeLessThan(whole.body.rows.length);
    expect(part.headers.get('x-vpcflow-warnings')).toBe(part.body.warnings[0]);
  });

  test('but a link to one is read', async () => {
    const { whole, part } = await replacedBy('link', (file) => symlink(path('link/aside'), file));
    expect(part.body).toEqual(whole.body);
  });

  test('and an hour that is a link that leads nowhere is named in the refusal', async () => {
    const root = await goldenStore('hour');
    const { url } = await start({ store: await openStoreToRead(root) });
    await rename(join(root, 'digests/date=2026-11-20/hour=05'), join(root, 'aside'));
    await symlink('/nowhere/at/all', join(root, 'digests/date=2026-11-20/hour=05'));
    const response = await fetch(url + ASKED);
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    expect([response.status, code]).toEqual([503, 'VF_STORE_UNREACHABLE']);
    expect(detail).toContain('digests/date=2026-11-20/hour=05');
  });
});

describe('a watermark that cannot be read', () => {
  test.each([
    ['no JSON', (file: string) => writeFile(file, '{"bad')],
    ['a link that leads nowhere', (file: string) => rm(file).then(() => symlink('/nowhere', file))],
  ])('(%s) leaves the rows, of which is not known whether they are all', async (name, spoil) => {
    const root = await goldenStore(`watermark ${name}`);
    const store = await openStoreToRead(root);
    const [key] = (await keysOf(store, 'watermarks/')).filter((one) => !one.endsWith('shards.json'));
    const { url } = await start({ store });
    const whole = await asked(url);
    expect(whole.body.complete).toBe(true);
    await spoil(join(root, key));
    const { status, headers, body } = await asked(url);
    expect(status).toBe(200);
    expect(body).toMatchObject({ complete: false, watermark: 'none' });
    expect(body.warnings).toEqual([expect.stringContaining(`${key} is left out: it is `)]);
    expect(body.rows).toEqual(whole.body.rows);
    expect(headers.get('x-vpcflow-complete')).toBe('false');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const result = await fetchResult(`${url}/digest`, windowQuery(...QUARTER));
    expect(result.headers['x-vpcflow-complete']).toBe('false');
    const audit = await fetch(`${url}/v1/audit`);
    expect([audit.status, audit.headers.get('x-vpcflow-complete')]).toEqual([200, 'false']);
  });
});
