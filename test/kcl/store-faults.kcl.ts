// A store that fails, hangs or answers what it should not, at one step after the other, and a worker that is killed between
// the claim of an epoch and its commit.
import { describe, expect } from 'vitest';
import { READY } from './bed.ts';
import { type Decide, forwardAll, type ProxiedRequest, s3Error } from './fault-proxy.ts';
import { LONG, scenario } from './scenario.ts';
import { times } from './traffic.ts';

const never = new Promise<never>(() => {});

/** For requests that write below a table. */
const puts =
  (table: string) =>
  ({ method, path }: ProxiedRequest) =>
    method === 'PUT' && path.includes(`/store/${table}/`);

/** The first `times` requests of a kind meet a fault; `met` says how many have. */
const first = (times: number, hits: (request: ProxiedRequest) => boolean, fault: Decide) => {
  const state = { met: 0 };
  const decide: Decide = (request, forward) => {
    if (state.met >= times || !hits(request)) return forward();
    state.met++;
    return fault(request, forward);
  };
  return { decide, state };
};

describe.skipIf(!READY)('store', () => {
  scenario('a store that answers 503, 412 and 500, hangs, and cuts answers off', { s3: true }, async (bed) => {
    const proxy = await bed.storeProxy();
    const environment = { AWS_ENDPOINT_URL_S3: proxy.endpoint };
    const outlasted = [
      first(4, puts('claims'), async () => s3Error(503, 'SlowDown')),
      first(1, puts('digests'), () => never),
      first(2, puts('commits'), async (_, forward) => {
        await forward(); // carried out, and its client never learns it
        throw new Error('cut');
      }),
      first(2, puts('watermarks'), async () => s3Error(409, 'ConditionalRequestConflict')),
    ];
    await bed.stream.put(times(100, () => bed.traffic.envelope(50)));
    let worker = await bed.start({ environment });
    for (const { decide, state } of outlasted) {
      proxy.decide = decide;
      await bed.stream.put(times(60, () => bed.traffic.envelope(50)));
      await bed.until('the store has failed', async () => state.met > 0);
      await bed.until('and was outlasted', async () => (await bed.commits.records()) > bed.stream.count.records - 30);
    }
    expect(worker.end, worker.tail()).toBeNull();
    const deadly: readonly Decide[] = [
      first(1, puts('claims'), async () => s3Error(412, 'PreconditionFailed')).decide, // somebody else's claim, it says
      (request, forward) => (puts('digests')(request) ? Promise.resolve(s3Error(500, 'InternalError')) : forward()),
      (request, forward) => (puts('commits')(request) ? Promise.resolve(s3Error(403, 'AccessDenied')) : forward()),
      ...(LONG ? [((request, forward) => (puts('claims')(request) ? never : forward())) satisfies Decide] : []),
    ];
    for (const decide of deadly) {
      proxy.decide = decide;
      await bed.stream.put(times(60, () => bed.traffic.envelope(50)));
      expect((await worker.gone(180)).status, worker.tail()).toBe(1);
      proxy.decide = forwardAll;
      worker = await bed.start({ environment });
    }
    await bed.finish();
  });

  scenario('kill -9 between claim and commit, then lower bounds: the claim is adopted', { s3: true }, async (bed) => {
    const proxy = await bed.storeProxy();
    let held = 0;
    proxy.decide = (request, forward) => {
      if (!puts('commits')(request)) return forward();
      held++;
      return never;
    };
    const environment = { AWS_ENDPOINT_URL_S3: proxy.endpoint };
    await bed.stream.put(times(300, () => bed.traffic.envelope(50)));
    const worker = await bed.start({ environment, options: ['--epoch-rows', '3000'] });
    await bed.until('a commit is under way', async () => held > 0);
    process.kill((await worker.child()).pid, 'SIGKILL');
    await worker.gone();
    expect(await bed.commits.records()).toBe(0);
    proxy.decide = forwardAll;
    const next = await bed.start({ id: 'w2', environment, options: ['--epoch-rows', '100'] });
    await bed.forgetLeader();
    await bed.until('the claim is adopted', async () => (await next.metric('claims_adopted_total')) > 0);
    await bed.finish();
    const sizes = (await bed.commits.all()).map(({ counts }) => counts.records);
    expect(Math.max(...sizes)).toBeGreaterThan(50); // the adopted one kept its extent
    expect(Math.min(...sizes)).toBeLessThan(5);
  });
});
