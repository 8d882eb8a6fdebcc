// The S3 store against a real S3-compatible server: the contract, and what a network can do to a conditional put.
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { S3Store } from '../../../../consumers/shared/store/s3.ts';
import { createS3Client } from '../../../../consumers/shared/store/s3-client.ts';
import type { PutCondition } from '../../../../schemas/store.ts';
import { objectStoreContract } from '../../../contracts/object-store.ts';
import { collect } from '../../../contracts/store-place.ts';
import { type CuttingProxy, startCuttingProxy } from '../../../cutting-proxy.ts';
import { freePort } from '../../../free-port.ts';
import { s3Environment, startS3Server } from '../../../s3-server.ts';

const BUCKET = 'vpcflow-contract';
const QUICK = { connect: 2_000, idle: 5_000, request: 20_000, attempts: 3, patience: 20_000, pause: 20 }; // ms, and 3 attempts

const server = await startS3Server();
let client: S3Client;
let places = 0;

const clientFor = async (endpoint: string, attempts = QUICK.attempts): Promise<S3Client> => {
  for (const [name, value] of Object.entries(s3Environment(endpoint))) vi.stubEnv(name, value);
  return createS3Client({ ...QUICK, attempts });
};

beforeAll(async () => {
  if (server === null) return;
  client = await clientFor(server.endpoint);
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
});

const prefix = (): string => `place/${++places}`;

describe.skipIf(server === null)('S3', () => {
  objectStoreContract({
    name: 'S3Store',
    place: async () => {
      const here = prefix();
      return { client: () => new S3Store(client, BUCKET, here) };
    },
    runs: 8,
    big: 80 << 20,
  });

  it('keeps to its prefix, and lists past one page', async () => {
    const here = prefix();
    const store = new S3Store(client, BUCKET, here);
    await new S3Store(client, BUCKET, `${here}0`).put('beside', Buffer.from('x'));
    const keys = Array.from({ length: 1_203 }, (_, i) => `k/${String(i).padStart(5, '0')}`);
    for (let i = 0; i < keys.length; i += 100) {
      await Promise.all(keys.slice(i, i + 100).map((key) => store.put(key, Buffer.from(key))));
    }
    expect((await collect(store.list(''))).map((object) => object.key)).toEqual(keys);
    expect((await collect(store.list('k/', { after: 'k/00100' }))).map((o) => o.key)).toEqual(keys.slice(101));
  });

  it('passes over the markers of folders', async () => {
    const here = prefix();
    const store = new S3Store(client, BUCKET, here);
    for (const Key of [`${here}/`, `${here}/a/`]) {
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Buffer.alloc(0) }));
    }
    await store.put('a/b', Buffer.from('x'));
    expect((await collect(store.list(''))).map((object) => object.key)).toEqual(['a/b']);
  });

  it('says that a bucket is missing, and that nothing answers', async () => {
    const missing = new S3Store(client, 'no-such-bucket-here');
    await expect(missing.put('k', Buffer.from('x'))).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
      message: 's3://no-such-bucket-here: cannot write k: there is no such bucket',
    });
    await expect(missing.get('k')).rejects.toMatchObject({ code: 'VF_STORE_UNREACHABLE' });
    await expect(collect(missing.list(''))).rejects.toMatchObject({ code: 'VF_STORE_UNREACHABLE' });
    const nobody = new S3Store(await clientFor(`http://127.0.0.1:${await freePort()}`), BUCKET);
    await expect(nobody.get('k')).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
      message: expect.stringContaining('connection refused'),
    });
    await expect(nobody.put('k', Buffer.from('x'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
    });
  });
});

describe.skipIf(server === null)('S3 answers that are lost', () => {
  let proxy: CuttingProxy;
  let meanwhile: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    proxy = await startCuttingProxy(server?.port ?? 0, async () => {
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
    });
  });
  afterAll(() => proxy.stop());

  const behindProxy = async (here: string, attempts?: number): Promise<S3Store> =>
    new S3Store(await clientFor(proxy.endpoint, attempts), BUCKET, here);

  it('are asked for again when the body of a get breaks off', async () => {
    const big = Buffer.alloc(3 << 20, 'x');
    const store = await behindProxy(prefix());
    await store.put('big', big);
    const before = proxy.swallowed;
    proxy.cut(2, 'rest');
    expect((await store.get('big'))?.body.equals(big)).toBe(true);
    expect(proxy.swallowed - before).toBe(2);
  });

  it.each([
    ['repeated by the SDK', 3, 1],
    ['not repeated', 1, 1],
    ['lost with all its repetitions', 3, 3],
  ])('leave a conditional put known to be stored: %s', async (_how, attempts, cuts) => {
    const here = prefix();
    const direct = new S3Store(client, BUCKET, here);
    const store = await behindProxy(here, attempts);
    const before = proxy.swallowed;
    proxy.cut(cuts);
    const first = await store.put('k', Buffer.from('one'), { ifAbsent: true });
    expect(proxy.swallowed - before).toBe(cuts);
    expect(first).toEqual({ outcome: 'stored', tag: (await direct.get('k'))?.tag });
    if (first.outcome !== 'stored') return;
    proxy.cut(cuts);
    const second = await store.put('k', Buffer.from('two'), { ifMatch: first.tag });
    expect(proxy.swallowed - before).toBe(2 * cuts);
    expect(second).toEqual({ outcome: 'stored', tag: (await direct.get('k'))?.tag });
    expect((await direct.get('k'))?.body.toString()).toBe('two');
  });

  it('do not make a put ours when somebody else had written the same bytes', async () => {
    const here = prefix();
    await new S3Store(client, BUCKET, here).put('k', Buffer.from('same'), { ifAbsent: true });
    const store = await behindProxy(here, 1);
    proxy.cut(1);
    expect(await store.put('k', Buffer.from('same'), { ifAbsent: true })).toEqual({ outcome: 'exists' });
  });

  const replaced = async (condition: (tag: string) => PutCondition, seed: boolean) => {
    const here = prefix();
    const direct = new S3Store(client, BUCKET, here);
    const seeded = seed ? await direct.put('k', Buffer.from('seed')) : null;
    const store = await behindProxy(here, 1);
    meanwhile = async () => void (await direct.put('k', Buffer.from('theirs')));
    proxy.cut(1);
    const tag = seeded?.outcome === 'stored' ? seeded.tag : '';
    return store.put('k', Buffer.from('ours'), condition(tag));
  };

  it('mean `exists` for ifAbsent when the key is another writer’s by now', async () => {
    expect(await replaced(() => ({ ifAbsent: true }), false)).toEqual({ outcome: 'exists' });
  });

  it('fail an ifMatch upon which another writer may have built', async () => {
    await expect(replaced((ifMatch) => ({ ifMatch }), true)).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
      message: expect.stringContaining('cannot tell whether k was written'),
    });
  });

  it('leave one winner among 20 writers that lose answers', async () => {
    const here = prefix();
    const store = await behindProxy(here);
    proxy.cut(15);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.put('k', Buffer.from(`writer ${i}`), { ifAbsent: true })),
    );
    proxy.cut(0);
    const winners = results.flatMap((result, i) => (result.outcome === 'stored' ? [i] : []));
    expect(winners).toHaveLength(1);
    expect((await new S3Store(client, BUCKET, here).get('k'))?.body.toString()).toBe(`writer ${winners[0]}`);
  });
});
