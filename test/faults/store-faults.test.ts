// S3 fails, hangs, lies or breaks off at each single request of a worker's life: every record is counted exactly once.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { auditStore } from '../../consumers/shared/audit/audit-store.ts';
import { Checkpoints } from '../../consumers/shared/embedded/checkpoints.ts';
import { withDeadline } from '../../consumers/shared/store/deadline.ts';
import { S3Store } from '../../consumers/shared/store/s3.ts';
import { createS3Client } from '../../consumers/shared/store/s3-client.ts';
import { compareSequences } from '../../pipeline/epoch/sequence.ts';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { DEFAULT_SETTINGS } from '../../schemas/settings.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { type S3Fault, type S3Http, type S3Request, startS3Http } from '../fakes/s3-http.ts';
import { s3Environment } from '../s3-server.ts';
import { covered, digestShard, EXPECTED, RECORDS } from './store-shard.ts';
import { readChain } from './verify.ts';
import { random, SHARD, STREAM } from './world.ts';

/** How many of the kinds of faults each request meets; all of them with a high number. More in vitest.kcl.config.ts. */
const KINDS_EACH = Number(process.env.VPCFLOW_FAULT_RUNS ?? 1);
const ATTEMPTS = 4;

interface Kind {
  readonly fault: S3Fault;
  /** Puts with a condition only: nothing else is answered so. */
  readonly conditional?: boolean;
  /** Whether a worker goes on when it happens once. */
  readonly passes: boolean;
}

const says = (status: number, code: string, after = false): S3Fault => ({ kind: 'answer', status, code, after });

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['503 SlowDown', { fault: says(503, 'SlowDown'), passes: true }],
  ['500', { fault: says(500, 'InternalError'), passes: true }],
  ['500 after the effect', { fault: says(500, 'InternalError', true), passes: true }],
  ['connection cut', { fault: { kind: 'cut-before' }, passes: true }],
  ['connection cut after the effect', { fault: { kind: 'cut-after' }, passes: true }],
  ['half an answer', { fault: { kind: 'truncated' }, passes: true }],
  ['409', { fault: says(409, 'ConditionalRequestConflict'), conditional: true, passes: true }],
  ['412 of nothing', { fault: says(412, 'PreconditionFailed'), conditional: true, passes: false }],
  ['expired credentials', { fault: says(400, 'ExpiredToken'), passes: false }],
  ['hangs', { fault: { kind: 'hang-before' }, passes: false }],
  ['hangs after the effect', { fault: { kind: 'hang-after' }, passes: false }],
]);

const isConditional = ({ headers }: S3Request): boolean => 'if-match' in headers || 'if-none-match' in headers;

const atOnce: Clock = { now: () => 0, sleep: async () => undefined };

let server: S3Http;
beforeAll(async () => {
  server = await startS3Http();
  for (const [name, value] of Object.entries(s3Environment(server.endpoint))) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

let client: Awaited<ReturnType<typeof createS3Client>>;
beforeAll(async () => {
  const limits = { connect: 5_000, idle: 60_000, request: 60_000, patience: 60_000, pause: 0 };
  client = await createS3Client({ ...limits, attempts: ATTEMPTS });
});
afterAll(() => client.destroy());

let worlds = 0;

/** One shard, and a store of its own under a prefix of the bucket: late requests of one world never reach another. */
class StoreWorld {
  readonly #prefix = `world-${++worlds}`;
  readonly #deadlines = new ManualClock();
  readonly #checkpointed = new MemoryStore();
  readonly #checkpoints = new Checkpoints(
    this.#checkpointed.client({
      afterEach: async (operation) => {
        if (operation === 'put') await this.#judge();
      },
    }),
    'app',
    STREAM,
  );
  /** Checkpoints past what was committed at that moment. */
  readonly #early: string[] = [];
  #lives = 0;

  /** What is in the store, without its prefix. */
  contents(): MemoryStore {
    const backing = new Map<string, Buffer>();
    for (const [key, { body }] of server.objects) {
      if (key.startsWith(`${this.#prefix}/`)) backing.set(key.slice(this.#prefix.length + 1), body);
    }
    return new MemoryStore(backing);
  }

  /** Notes a checkpoint that covers what is not committed. */
  async #judge(): Promise<void> {
    const sequence = covered(await new Checkpoints(this.#checkpointed, 'app', STREAM).get(SHARD));
    if (sequence === null) return;
    try {
      const { last } = readChain(this.contents());
      if (compareSequences(sequence, last) > 0) this.#early.push(sequence);
    } catch (error) {
      this.#early.push(`${sequence}: ${error}`); // committed, but an object of it is not there
    }
  }

  /** One worker; its n-th request (and each after it, when it lasts) meets the fault. Resolves to what ended it. */
  async live(fault?: { readonly at: number; readonly lasts: boolean; readonly kind: Kind }): Promise<unknown> {
    const seen: S3Request[] = [];
    this.requests = seen;
    let over = false;
    let advanced = Promise.resolve();
    server.fault = (request) => {
      if (over || !request.key.startsWith(`${this.#prefix}/`)) return null; // an abandoned request of another life
      const n = seen.push(request);
      if (fault === undefined || n < fault.at || (n > fault.at && !fault.lasts)) return null;
      const { kind } = fault;
      if (kind.conditional && !isConditional(request)) return null;
      // Nobody answers: what ends the call is its deadline, which is made to pass.
      if (kind.fault.kind.startsWith('hang')) advanced = advanced.then(() => this.#deadlines.advance(600_000));
      return kind.fault;
    };
    const store = withDeadline(new S3Store(client, server.bucket, this.#prefix, atOnce), this.#deadlines);
    try {
      // What the first has claimed the second, which would decode otherwise, has to adopt.
      const ports = this.#lives++ % 2 === 0 ? 'service' : 'all';
      const settings = { ...DEFAULT_SETTINGS, ports } as const;
      await digestShard({ store, settings, checkpoints: this.#checkpoints, workerId: `w${this.#lives}` });
      return null;
    } catch (error) {
      return error;
    } finally {
      over = true;
      await advanced;
      server.release();
    }
  }

  requests: readonly S3Request[] = [];

  async expectExactlyOnce(): Promise<void> {
    expect(this.#early).toEqual([]);
    const contents = this.contents();
    const { report, open } = await auditStore(contents, { window: null });
    expect(report.gaps).toEqual([]);
    expect(open).toEqual([]);
    const { addresses, rejects, ...counts } = EXPECTED;
    for (const [name, count] of Object.entries(counts))
      expect([name, Reflect.get(report, name)]).toEqual([name, BigInt(count)]);
    expect([report.rejects.lines, report.rejects.envelopes]).toEqual([
      BigInt(rejects.lines),
      BigInt(rejects.envelopes),
    ]);
    const chain = readChain(contents);
    expect(chain.orphans).toEqual([]);
    expect(chain.gaps).toEqual([]);
    expect(chain.last).toBe(RECORDS.at(-1)?.sequenceNumber);
    const flows = addresses.map((n) => [`10.1.0.${n}`, { flows: 1, bytes: 1000 * n }]);
    expect([...chain.flows].sort()).toEqual(flows.sort());
    expect(await this.#checkpoints.get(SHARD)).toEqual({ kind: 'end' });
    for (const key of server.objects.keys()) if (key.startsWith(`${this.#prefix}/`)) server.objects.delete(key);
  }
}

/** The requests of a life that nothing disturbs. */
const undisturbed = async (): Promise<readonly S3Request[]> => {
  const world = new StoreWorld();
  expect(await world.live()).toBeNull();
  await world.expectExactlyOnce();
  return world.requests;
};

describe('a fault at each single request', () => {
  it('a run without one is right, and makes every kind of request', async () => {
    const requests = await undisturbed();
    expect(requests.length).toBeGreaterThan(30);
    expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['GET', 'PUT']));
    expect(requests.filter(isConditional).length).toBeGreaterThan(10);
  });

  it.each([
    ['once', false],
    ['until the worker has ended', true],
  ])(
    '%s: each record is counted once',
    async (_when, lasts) => {
      const requests = await undisturbed();
      const draw = random(lasts ? 2 : 1);
      for (const [i, request] of requests.entries()) {
        const names = [...KINDS.keys()].filter((name) => !KINDS.get(name)?.conditional || isConditional(request));
        // A different part of the kinds at each request.
        const drawn = names.map((name) => ({ name, by: draw() })).sort((a, b) => a.by - b.by);
        for (const { name } of drawn.slice(0, KINDS_EACH)) {
          const kind = KINDS.get(name)!;
          const world = new StoreWorld();
          const where = `${name} at request ${i + 1}, ${request.method} ${request.key}`;
          const ended = await world.live({ at: i + 1, lasts, kind });
          if (ended !== null) expect(ended, where).toBeInstanceOf(VpcflowError);
          if (!lasts && kind.passes) expect(ended, where).toBeNull();
          // What lasts ends the worker, unless nothing after it is answered so.
          if (lasts && !kind.conditional) expect(ended, where).not.toBeNull();
          expect(await world.live(), where).toBeNull();
          await world.expectExactlyOnce();
        }
      }
    },
    KINDS_EACH * 120_000,
  );
});
