// What S3 may answer besides a result: which answers are asked for again, for how long, and what the rest ends with.
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { S3Store } from '../../../../consumers/shared/store/s3.ts';
import { createS3Client, type S3Limits } from '../../../../consumers/shared/store/s3-client.ts';
import { s3Retries } from '../../../../consumers/shared/store/s3-retries.ts';
import type { Clock } from '../../../../schemas/clock.ts';
import { collect } from '../../../contracts/store-place.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { type S3Fault, type S3Http, type S3Request, startS3Http } from '../../../fakes/s3-http.ts';
import { s3Environment } from '../../../s3-server.ts';

const QUICK: S3Limits = { connect: 2_000, idle: 20_000, request: 20_000, attempts: 4, patience: 60_000, pause: 0 };
const now: Clock = { now: () => 0, sleep: async () => undefined };

let server: S3Http;
const clients: S3Client[] = [];
beforeAll(async () => {
  server = await startS3Http();
  for (const [name, value] of Object.entries(s3Environment(server.endpoint))) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const client of clients) client.destroy();
  await server.stop();
});
beforeEach(() => {
  server.objects.clear();
  server.fault = () => null;
  server.ahead = 0;
});

const open = async (limits: Partial<S3Limits> = {}): Promise<S3Store> => {
  const client = await createS3Client({ ...QUICK, ...limits });
  clients.push(client);
  return new S3Store(client, server.bucket, '', now);
};

/** The next requests meet these faults, one each; resolves to what arrives from now on. */
const meets = (...faults: readonly (S3Fault | null)[]): S3Request[] => {
  const seen: S3Request[] = [];
  server.fault = (request) => faults[seen.push(request) - 1] ?? null;
  return seen;
};

const says = (status: number, code: string, after = false): S3Fault => ({ kind: 'answer', status, code, after });
const x = Buffer.from('x');
const content = (key: string): string | undefined => server.objects.get(key)?.body.toString();

describe('what passes is asked for again', () => {
  it.each([
    ['SlowDown', says(503, 'SlowDown')],
    ['an internal error', says(500, 'InternalError')],
    ['an internal error after the effect', says(500, 'InternalError', true)],
    ['a request that S3 did not get in time', says(400, 'RequestTimeout')],
    ['a cut connection', { kind: 'cut-before' }],
    ['a cut connection after the effect', { kind: 'cut-after' }],
    ['half an answer', { kind: 'truncated' }],
  ] satisfies [string, S3Fault][])('%s, twice: by each operation, with its right result', async (_name, fault) => {
    const store = await open();
    meets(fault, fault);
    const put = await store.put('k', x, { ifAbsent: true });
    expect(put.outcome).toBe('stored');
    meets(fault, fault);
    expect((await store.get('k'))?.body.toString()).toBe('x');
    meets(fault, fault);
    expect((await collect(store.list(''))).map(({ key }) => key)).toEqual(['k']);
    const tag = put.outcome === 'stored' ? put.tag : '';
    meets(fault, fault);
    expect((await store.put('k', Buffer.from('y'), { ifMatch: tag })).outcome).toBe('stored');
    expect(content('k')).toBe('y');
    meets(fault, fault);
    await store.put('k', Buffer.from('z'));
    expect(content('k')).toBe('z');
    meets(fault, fault);
    await store.remove('k');
    expect(server.objects.size).toBe(0);
  });

  it('a request that nobody answers, after the idle limit', async () => {
    const store = await open({ idle: 150 });
    const seen = meets({ kind: 'hang-before' }, { kind: 'hang-after' });
    expect((await store.put('k', x, { ifAbsent: true })).outcome).toBe('stored');
    expect(seen.filter(({ method }) => method === 'PUT').length).toBeGreaterThanOrEqual(3);
    expect(content('k')).toBe('x');
  });

  it.each([undefined, { ifAbsent: true } as const])(
    'another conditional request that S3 is busy with (409), condition %j',
    async (condition) => {
      const store = await open();
      const conflict = says(409, 'ConditionalRequestConflict');
      const seen = meets(conflict, conflict, conflict);
      expect((await store.put('k', x, condition)).outcome).toBe('stored');
      expect(seen.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PUT', 'PUT']);
    },
  );

  it('a conflict, after which somebody else has the key', async () => {
    const store = await open();
    const rival = await open();
    server.fault = (request) => {
      server.fault = () => null;
      server.objects.set(request.key, { body: Buffer.from('theirs'), etag: '"1"', metadata: {} });
      return says(409, 'ConditionalRequestConflict');
    };
    expect(await store.put('k', x, { ifAbsent: true })).toEqual({ outcome: 'exists' });
    expect((await rival.get('k'))?.body.toString()).toBe('theirs');
  });

  it('a bucket in another region, signed for that one', async () => {
    const store = await open();
    const moved: S3Fault = { kind: 'answer', status: 301, code: 'PermanentRedirect', region: 'eu-south-2' };
    for (const call of [
      () => store.put('k', x, { ifAbsent: true }),
      () => store.get('k'),
      () => collect(store.list('')),
      () => store.remove('k'),
    ]) {
      const seen = meets(moved);
      await call();
      const regions = seen.map(
        ({ headers }) => /Credential=[^/]*\/\d+\/([^/]*)\//.exec(headers.authorization ?? '')?.[1],
      );
      expect(regions).toEqual(['us-east-1', 'eu-south-2']);
    }
  });

  it('a clock that is wrong, by the time that S3 says', async () => {
    const store = await open();
    server.ahead = 3_600_000;
    const seen = meets(says(403, 'RequestTimeTooSkewed'));
    expect((await store.put('k', x, { ifAbsent: true })).outcome).toBe('stored');
    const [first, second] = seen.map(({ headers }) => String(headers['x-amz-date']));
    const hour = (date = ''): number => Date.parse(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
    expect(Math.abs(hour(second) - hour(first) - 3_600_000)).toBeLessThan(60_000);
  });
});

describe('what does not pass ends at once', () => {
  it.each([
    ['expired credentials', says(400, 'ExpiredToken'), 'ExpiredToken 400: the fake says ExpiredToken'],
    ['refused access', says(403, 'AccessDenied'), 'access is denied (AccessDenied)'],
    ['a bucket elsewhere', says(307, 'TemporaryRedirect'), 'TemporaryRedirect 307'],
  ])('%s', async (_name, fault, why) => {
    const store = await open();
    for (const call of [
      () => store.get('k'),
      () => store.put('k', x),
      () => store.put('k', x, { ifAbsent: true }),
      () => collect(store.list('')),
      () => store.remove('k'),
    ]) {
      let seen = 0;
      server.fault = () => {
        seen++;
        return fault;
      };
      await expect(call()).rejects.toMatchObject({
        code: 'VF_STORE_UNREACHABLE',
        message: expect.stringContaining(why),
      });
      expect(seen).toBeLessThanOrEqual(2); // a conditional put may read back
    }
    expect(server.objects.size).toBe(0);
  });
});

describe('what lasts', () => {
  it('ends after the attempts, with what S3 said', async () => {
    const store = await open();
    let seen = 0;
    server.fault = () => {
      seen++;
      return says(503, 'SlowDown');
    };
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
      message: `s3://${server.bucket}: cannot read k: SlowDown 503: the fake says SlowDown`,
    });
    expect(seen).toBe(QUICK.attempts);
  });

  it('does not use up what other requests of the client may try', async () => {
    const store = await open({ attempts: 3 });
    const tries = new Map<string, number>();
    server.fault = ({ key }) => {
      const tried = (tries.get(key) ?? 0) + 1;
      tries.set(key, tried);
      return tried < 3 ? says(500, 'InternalError') : null;
    };
    const puts = Array.from({ length: 60 }, (_, i) => store.put(`k${i}`, x));
    expect((await Promise.all(puts)).every(({ outcome }) => outcome === 'stored')).toBe(true);
  });
});

describe('the pauses between attempts', () => {
  const pauses = async (
    errorType: 'TRANSIENT' | 'THROTTLING',
    each: number,
    retryAfter?: number,
  ): Promise<number[]> => {
    const clock = new ManualClock();
    const retries = s3Retries({ attempts: 8, patience: 90_000, pause: 100 }, clock);
    const found: number[] = [];
    for (let token = await retries.acquireInitialRetryToken(''); ; ) {
      await clock.advance(each);
      const hint = retryAfter === undefined ? {} : { retryAfterHint: new Date(clock.now() + retryAfter) };
      const next = await retries.refreshRetryTokenForRetry(token, { errorType, ...hint }).catch(() => null);
      if (next === null) return found;
      found.push(next.getRetryDelay());
      await clock.advance(next.getRetryDelay());
      token = next;
    }
  };
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

  it('double, and outlast a server that is away for some seconds', async () => {
    const found = await pauses('TRANSIENT', 5);
    expect(found).toHaveLength(7);
    found.forEach((pause, i) => {
      expect(pause).toBeGreaterThanOrEqual(50 * 2 ** i);
      expect(pause).toBeLessThanOrEqual(100 * 2 ** i);
    });
  });

  it('are longer where S3 says SlowDown, and at most 20 s', async () => {
    const found = await pauses('THROTTLING', 5);
    expect(sum(found)).toBeGreaterThanOrEqual(25_000);
    expect(Math.max(...found)).toBeLessThanOrEqual(20_000);
  });

  it('keep to what the server asks for, within reason', async () => {
    expect((await pauses('TRANSIENT', 5, 7_000))[0]).toBe(7_000);
    expect((await pauses('TRANSIENT', 5, 3_600_000))[0]).toBe(20_000);
  });

  it('end with the patience: a server that is silent is left before the deadline of the call', async () => {
    const found = await pauses('TRANSIENT', 20_000);
    expect(found).toHaveLength(4);
    expect(sum(found) + 5 * 20_000).toBeLessThan(120_000);
  });

  it('are none for an error that stays', async () => {
    const retries = s3Retries({ attempts: 8, patience: 90_000, pause: 100 });
    const token = await retries.acquireInitialRetryToken('');
    for (const errorType of ['CLIENT_ERROR', 'SERVER_ERROR'] as const) {
      await expect(retries.refreshRetryTokenForRetry(token, { errorType })).rejects.toThrow('no more attempts');
    }
  });
});
