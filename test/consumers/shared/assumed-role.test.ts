// Taking on a role, against a real stand-in for STS: what is asked for, with what it is signed then, and what refusals say.
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { ListingFacts } from '../../../consumers/backfill/listing/listing-facts.ts';
import { TakenNames } from '../../../consumers/backfill/listing/taken-names.ts';
import { openBucketClient } from '../../../consumers/backfill/s3/bucket-client.ts';
import { bucketSources } from '../../../consumers/backfill/s3/bucket-sources.ts';
import { assumedRole } from '../../../consumers/shared/assumed-role.ts';
import { EVERYTHING } from '../../../pipeline/s3-layout/selection.ts';
import { startMotoServer } from '../../moto-server.ts';
import { startS3Proxy } from '../../s3-proxy.ts';
import { s3Environment } from '../../s3-server.ts';

const moto = await startMotoServer();
afterAll(() => moto?.stop());
afterEach(() => vi.unstubAllEnvs());

const ROLE = 'arn:aws:iam::210987654321:role/flow-log-reader';

test.each(['flow-log-reader', 'arn:aws:iam::210987654321:user/x', ''])('%j is no role', (role) => {
  expect(() => assumedRole(role, null)).toThrow(expect.objectContaining({ code: 'VF_USAGE' }));
});

describe.skipIf(moto === null)('a role', () => {
  const use = (endpoint: string): void => {
    for (const [name, value] of Object.entries({ ...s3Environment(endpoint), AWS_ENDPOINT_URL_STS: endpoint }))
      vi.stubEnv(name, value);
  };
  const listing = (client: S3Client) => ({
    ...{ client, selection: EVERYTHING, facts: new ListingFacts(), taken: new TakenNames(), storePrefix: null },
  });

  test('is taken on once, under the name vpcflow, and signs what is asked of the bucket', async () => {
    const proxy = await startS3Proxy(moto?.port ?? 0);
    try {
      use(proxy.endpoint);
      await fetch(`${proxy.endpoint}/flow-logs`, { method: 'PUT' });
      await fetch(`${proxy.endpoint}/flow-logs/a/flows.gz`, { method: 'PUT', body: 'x' });
      proxy.requests.length = 0;
      const client = await openBucketClient({ role: ROLE, externalId: 'e-1' });
      const found = await Array.fromAsync(bucketSources('s3://flow-logs/a', listing(client)));
      client.destroy();
      expect(found.map((one) => ('name' in one ? one.name : one))).toEqual(['s3://flow-logs/a/flows.gz']);
      const keys = proxy.requests.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1]);
      expect(keys[0]).toBe('testing'); // asks STS
      expect(proxy.requests[0]?.method).toBe('POST');
      expect(keys.slice(1)).toHaveLength(2); // HEAD and LIST
      expect(new Set(keys.slice(1)).size).toBe(1);
      expect(keys[1]).toMatch(/^ASIA/);
      expect(proxy.requests.slice(1).every(({ headers }) => headers['x-amz-security-token'] !== undefined)).toBe(true);
    } finally {
      await proxy.stop();
    }
  });

  test('is a session with the external id, that says when it ends', async () => {
    use(moto?.endpoint ?? '');
    const credentials = await assumedRole(ROLE, 'e-1')();
    expect(credentials.accessKeyId).toMatch(/^ASIA/);
    expect(credentials.expiration?.getTime()).toBeGreaterThan(Date.now() + 30 * 60_000);
  });

  test('is renewed before its session ends', async () => {
    const proxy = await startS3Proxy(moto?.port ?? 0);
    try {
      use(proxy.endpoint);
      await fetch(`${proxy.endpoint}/flow-logs`, { method: 'PUT' });
      let sessions = 0;
      const ends = new Date(Date.now() + 60_000).toISOString(); // sooner than the SDK likes
      proxy.fault = ({ method }) => {
        if (method !== 'POST') return null;
        const fields = { AccessKeyId: `ASIA${++sessions}`, SecretAccessKey: 's', SessionToken: 't', Expiration: ends };
        const credentials = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
        const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${credentials.join('')}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
        return { kind: 'say', headers: { 'content-type': 'text/xml' }, body };
      };
      proxy.requests.length = 0;
      const client = await openBucketClient({ role: ROLE, externalId: null });
      for (let i = 0; i < 2; i++) await Array.fromAsync(bucketSources('s3://flow-logs/a/', listing(client)));
      client.destroy();
      const asked = proxy.requests.filter(({ method }) => method !== 'POST');
      const keys = asked.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1]);
      expect(keys.length).toBeGreaterThan(1);
      expect(keys[0]).toMatch(/^ASIA\d$/);
      expect(keys.at(-1)).not.toBe(keys[0]);
    } finally {
      await proxy.stop();
    }
  });

  test('that is refused is one problem in plain words, of whatever needed it', async () => {
    const proxy = await startS3Proxy(moto?.port ?? 0);
    try {
      use(proxy.endpoint);
      const message = 'User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: y';
      proxy.fault = ({ method }) =>
        method === 'POST' ? { kind: 'answer', status: 403, code: 'AccessDenied', message } : null;
      const client = await openBucketClient({ role: ROLE, externalId: null });
      const found = await Array.fromAsync(bucketSources('s3://flow-logs/a/', listing(client)));
      client.destroy();
      expect(found).toEqual([
        expect.objectContaining({
          code: 'VF_SERVICE',
          message: expect.stringContaining(`cannot take on the role ${ROLE}: `),
          help: expect.stringContaining('sts:AssumeRole'),
        }),
      ]);
      expect(proxy.requests.every(({ method }) => method === 'POST')).toBe(true);
    } finally {
      await proxy.stop();
    }
  });
});
