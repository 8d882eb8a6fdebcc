// What a client is told when objects of a remote store cannot be fetched or kept, and that the server then goes on.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { putGoldenStore } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';

const { start, path } = serving();

const asked = async (url: string) => {
  const answer = await fetch(`${url}/v1/rows?${HOUR}`);
  return { status: answer.status, body: await answer.text() };
};
const problem = ({ status, body }: Awaited<ReturnType<typeof asked>>) => {
  const { code, detail } = JSON.parse(body);
  return { status, code, detail };
};

const golden = async (): Promise<MemoryStore> => {
  const store = new MemoryStore();
  await putGoldenStore(store);
  return store;
};

test('a cache that cannot be used is 503 VF_CACHE until it can', async () => {
  await mkdir(path('broken'), { recursive: true });
  await writeFile(path('broken/file'), '');
  const { url } = await start({ store: await golden(), cacheDirectory: path('broken/file') });
  expect(problem(await asked(url))).toMatchObject({ status: 503, code: 'VF_CACHE' });
  await rm(path('broken/file'));
  expect((await asked(url)).status).toBe(200);
});

test('a window that needs more than the cache may have is 422 VF_LIMIT and says how much', async () => {
  const { url } = await start({ store: await golden(), cacheSize: 1000 });
  const found = problem(await asked(url));
  expect(found).toMatchObject({ status: 422, code: 'VF_LIMIT' });
  expect(found.detail).toMatch(/need 1 MiB of the cache/);
});

test('an object that S3 denies is 503 VF_STORE_UNREACHABLE, and is asked for again the next time', async () => {
  let denied = true;
  const store = (await golden()).client({
    beforeEach: (operation, key) => {
      if (denied && operation === 'get' && key.startsWith('digests/'))
        throw new VpcflowError('VF_STORE_UNREACHABLE', `memory://store: cannot read ${key}: access is denied`);
    },
  });
  const { url } = await start({ store, cacheDirectory: path('denied') });
  expect(problem(await asked(url))).toMatchObject({ status: 503, code: 'VF_STORE_UNREACHABLE' });
  denied = false;
  expect((await asked(url)).status).toBe(200);
});
