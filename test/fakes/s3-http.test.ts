// The fake S3 passes the contract of the stores through the real S3Store, so that what it says of faults can be trusted.
import { afterAll, expect, it, vi } from 'vitest';
import { S3Store } from '../../consumers/shared/store/s3.ts';
import { createS3Client } from '../../consumers/shared/store/s3-client.ts';
import { objectStoreContract } from '../contracts/object-store.ts';
import { keysOf } from '../contracts/store-place.ts';
import { s3Environment } from '../s3-server.ts';
import { startS3Http } from './s3-http.ts';

const server = await startS3Http();
for (const [name, value] of Object.entries(s3Environment(server.endpoint))) vi.stubEnv(name, value);
const client = await createS3Client();
let places = 0;

afterAll(async () => {
  vi.unstubAllEnvs();
  client.destroy();
  await server.stop();
});

objectStoreContract({
  name: 'S3Store on the fake S3',
  place: async () => {
    const prefix = `place/${++places}`;
    return { client: () => new S3Store(client, server.bucket, prefix) };
  },
  runs: 40,
  big: 8 << 20,
});

it('lists past one page', async () => {
  const store = new S3Store(client, server.bucket, 'pages');
  const keys = Array.from({ length: 1_203 }, (_, i) => `k/${String(i).padStart(5, '0')}`);
  for (let i = 0; i < keys.length; i += 50) {
    await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, Buffer.from(key))));
  }
  expect(await keysOf(store, '')).toEqual(keys);
  expect(await keysOf(store, 'k/', 'k/00100')).toEqual(keys.slice(101));
});

it('has no other bucket', async () => {
  await expect(new S3Store(client, 'another-bucket').get('k')).rejects.toThrow('there is no such bucket');
});
