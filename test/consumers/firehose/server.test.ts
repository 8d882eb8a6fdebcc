// The endpoint at its limits: large bodies, bombs, slow and vanishing clients, too much at once, health and the end.
import type { ClientRequest } from 'node:http';
import { connect } from 'node:net';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { BytesInWork } from '../../../consumers/firehose/bytes-in-work.ts';
import { MAX_BODY_BYTES } from '../../../consumers/firehose/request-body.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { until } from '../../until.ts';
import { openEndpoint } from './endpoint.ts';
import { type Batch, bodyOf, closeConnections, deliver, get, headersOf, isSuccess, post } from './firehose-client.ts';

const opened: Awaited<ReturnType<typeof openEndpoint>>[] = [];
const open = async (...options: Parameters<typeof openEndpoint>) => {
  const endpoint = await openEndpoint(...options);
  opened.push(endpoint);
  return endpoint;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((endpoint) => endpoint.close(0)));
});
afterAll(closeConnections);

const batch: Batch = { requestId: 'ed4acda5', records: [Buffer.from('one'), Buffer.from('two')] };
/** A put that waits for the test, and what has been asked of it. */
const held = () => {
  const waiting: {
    readonly done: () => void;
    readonly failed: (error: unknown) => void;
    readonly signal: AbortSignal;
  }[] = [];
  const put = (_: unknown, signal: AbortSignal): Promise<void> =>
    new Promise((done, failed) => {
      waiting.push({ done, failed, signal });
      signal.addEventListener('abort', () => failed(new VpcflowError('VF_STREAM', 'there was no time left')));
    });
  return { put, waiting };
};
const messageOf = (body: string): unknown => JSON.parse(body).errorMessage;

describe('a body', () => {
  /** Padded with blanks, which JSON may have at its end. */
  const padded = (bytes: number): Buffer => Buffer.concat([bodyOf(batch), Buffer.alloc(bytes, ' ')]).subarray(0, bytes);

  test('of the largest size is taken, and one byte more is 413', async () => {
    const { url, records, bytes } = await open();
    const whole = padded(MAX_BODY_BYTES + 1);
    expect(await post(url, headersOf(batch), whole)).toMatchObject({ status: 413 });
    const packed = gzipSync(whole, { level: 1 });
    expect(await post(url, headersOf({ ...batch, gzip: true }), packed)).toMatchObject({ status: 413 });
    // Without a Content-Length, as nobody sends it.
    const inChunks = await post(url, headersOf(batch), (outgoing) => {
      for (let i = 0; i < whole.length; i += 1 << 20) outgoing.write(whole.subarray(i, i + (1 << 20)));
      outgoing.end();
    });
    expect(inChunks).toMatchObject({ status: 413 });
    expect(records).toEqual([]);
    expect(bytes.held).toBe(0);
    const taken = await post(url, headersOf(batch), whole.subarray(0, MAX_BODY_BYTES));
    expect(isSuccess(batch, taken)).toBe(true);
    expect(records).toHaveLength(2);
  });

  test('that inflates to 10 GiB is 413 at the limit', async () => {
    const { url, bytes } = await open();
    const member = gzipSync(Buffer.alloc(64 << 20, ' '));
    const bomb = Buffer.concat(Array.from({ length: 160 }, () => member));
    const began = performance.now();
    expect(await post(url, headersOf({ ...batch, gzip: true }), bomb)).toMatchObject({ status: 413 });
    expect(performance.now() - began).toBeLessThan(15_000); // all of it takes half a minute
    expect(bytes.held).toBe(0);
  });

  test('that ends inside its gzip is 400', async () => {
    const { url } = await open();
    const packed = gzipSync(bodyOf(batch));
    for (const part of [packed.subarray(0, packed.length - 9), packed.subarray(0, 12), Buffer.alloc(0)]) {
      const answer = await post(url, headersOf({ ...batch, gzip: true }), part);
      expect(answer).toMatchObject({ status: 400 });
    }
    const several = createGzip({ flush: constants.Z_FULL_FLUSH });
    several.end(bodyOf(batch));
    expect(
      isSuccess(batch, await post(url, headersOf({ ...batch, gzip: true }), (out) => void several.pipe(out))),
    ).toBe(true);
  });

  test('that does not come is 408 after a minute', async () => {
    const clock = new ManualClock();
    const { url, bytes } = await open({ clock });
    let slow: ClientRequest | undefined;
    const answer = post(url, { ...headersOf(batch), 'Content-Length': '1000' }, (outgoing) => {
      slow = outgoing;
      outgoing.write('{');
    });
    await clock.untilSleeping();
    expect(bytes.held).toBe(1000);
    await clock.advance(60_000);
    expect(await answer).toMatchObject({ status: 408, headers: { connection: 'close' } });
    expect(bytes.held).toBe(0);
    slow?.destroy();
  });

  test('whose client leaves in the middle is nothing', async () => {
    const { url, bytes, records, totals } = await open();
    const left = post(url, { ...headersOf(batch), 'Content-Length': '1000' }, (outgoing) => void outgoing.write('{'));
    left.catch(() => {});
    await until('the endpoint has it', () => bytes.held === 1000);
    closeConnections();
    await until('the endpoint has let it go', () => bytes.held === 0 && totals().deliveries === 1);
    expect(records).toEqual([]);
  });
});

describe('the stream', () => {
  test('is waited for: no answer before it has every record', async () => {
    const { put, waiting } = held();
    const { url } = await open({ put });
    let answered = false;
    const answer = deliver(url, batch).finally(() => {
      answered = true;
    });
    await until('the records are put', () => waiting.length === 1);
    expect(answered).toBe(false);
    waiting[0]?.done();
    expect(isSuccess(batch, await answer)).toBe(true);
  });

  test('that does not take them in a minute is 503, and Firehose comes again', async () => {
    const clock = new ManualClock();
    const { put, waiting } = held();
    const { url, totals, lines, bytes } = await open({ put, clock });
    const answer = deliver(url, batch);
    await until('the records are put', () => waiting.length === 1);
    await clock.advance(60_000);
    const { status, headers, body } = await answer;
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 503,
      body: {
        requestId: 'ed4acda5',
        timestamp: clock.now(),
        errorMessage: 'the stream cannot be reached, or does not take records',
      },
    });
    expect(headers['retry-after']).toBe('5');
    expect(totals()).toMatchObject({ deliveries: 1, delivered: 0 });
    expect(lines.join('')).toContain('a request was not taken: there was no time left');
    expect(bytes.held).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  test('goes on taking what a client sent that has left', async () => {
    const { put, waiting } = held();
    const { url, totals, bytes } = await open({ put });
    deliver(url, batch).catch(() => {});
    await until('the records are put', () => waiting.length === 1);
    closeConnections();
    waiting[0]?.done();
    await until('it counts', () => totals().delivered > 0);
    expect(totals()).toMatchObject({ deliveries: 1, delivered: 2 });
    expect(bytes.held).toBe(0);
  });

  test('is no excuse for a mistake of ours: 500, and a line that says where', async () => {
    const { url, lines } = await open({ put: () => Promise.reject(new TypeError('x is no function')) });
    expect(await deliver(url, batch)).toMatchObject({ status: 500 });
    expect(lines.join('')).toContain('x is no function');
  });
});

describe('too much at once', () => {
  test('is 503 where the memory for requests is full, until one of them ends', async () => {
    const { put, waiting } = held();
    const large = { ...batch, records: [Buffer.alloc(5000)] };
    const { url } = await open({ put, bytes: new BytesInWork(2 * bodyOf(large).length) });
    const answers = [deliver(url, large), deliver(url, { ...large, gzip: true })];
    await until('both are put', () => waiting.length === 2);
    for (const gzip of [false, true]) {
      const { status, body } = await deliver(url, { ...batch, gzip });
      expect([status, messageOf(body)]).toEqual([503, 'other requests take all the memory that there is for them']);
    }
    for (const { done } of waiting) done();
    await Promise.all(answers);
    const next = deliver(url, batch);
    await until('there is room again', () => waiting.length === 3);
    waiting[2]?.done();
    expect(await next).toMatchObject({ status: 200 });
  });

  test('is 503 for the 257th request; those about health are answered', async () => {
    const { put, waiting } = held();
    const { url } = await open({ put });
    const answers = Array.from({ length: 256 }, () => deliver(url, batch));
    await until('all are put', () => waiting.length === 256);
    expect(await deliver(url, batch)).toMatchObject({ status: 503 });
    expect(await get(url, '/healthz')).toMatchObject({ status: 200 });
    for (const { done } of waiting) done();
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('without a key', () => {
  test('only this machine is answered, under a name of its own', async () => {
    const { url } = await open({ keys: null });
    expect(isSuccess(batch, await deliver(url, batch, null))).toBe(true);
    const foreign = { ...headersOf(batch, null), Host: 'rebound.example' };
    expect(await post(url, foreign, bodyOf(batch))).toMatchObject({ status: 403 });
    const page = { ...headersOf(batch, null), Origin: 'https://page.example' };
    expect(await post(url, page, bodyOf(batch))).toMatchObject({ status: 403 });
  });
});

describe('health', () => {
  test('is told to anybody', async () => {
    const { url } = await open();
    for (const path of ['/healthz', '/readyz']) {
      expect(await get(url, path)).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
      expect(await get(url, path, 'HEAD')).toMatchObject({ status: 200, body: '' });
    }
  });

  test('comes with a connection that is kept for longer than a balancer keeps an idle one', async () => {
    const { url } = await open();
    for (const { headers } of [await get(url, '/readyz'), await deliver(url, batch)])
      expect(headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=75' });
  });

  test('without a stream: it lives and is not ready', async () => {
    const { url, totals } = await open({ ready: async () => false });
    expect(await get(url, '/healthz')).toMatchObject({ status: 200 });
    expect(await get(url, '/readyz')).toMatchObject({ status: 503, body: '{"status":"no stream"}\n' });
    expect(totals().deliveries).toBe(0);
  });
});

describe('the end', () => {
  test('takes requests while it drains, answers those that are in work, and listens no more', async () => {
    const clock = new ManualClock();
    const { put, waiting } = held();
    const { url, close } = await openEndpoint({ put, clock });
    const first = deliver(url, batch);
    await until('the first is put', () => waiting.length === 1);
    const closed = close(10_000);
    expect(await get(url, '/readyz')).toMatchObject({ status: 503, body: '{"status":"draining"}\n' });
    expect(await get(url, '/healthz')).toMatchObject({ status: 200, headers: { connection: 'close' } });
    const second = deliver(url, { ...batch, requestId: 'second' });
    await until('the second is put', () => waiting.length === 2);
    await clock.advance(10_000);
    await until(
      'nobody listens',
      () =>
        new Promise<boolean>((resolve) => {
          const probe = connect(Number(new URL(url).port), '127.0.0.1', () => {
            probe.destroy();
            resolve(false);
          });
          probe.on('error', () => resolve(true));
        }),
    );
    for (const { done } of waiting) done();
    for (const answer of await Promise.all([first, second])) {
      expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    }
    await closed;
    expect(clock.sleeping).toBe(0);
  });

  test('waits a minute for what is in work; then it is 503', async () => {
    const clock = new ManualClock();
    const { put, waiting } = held();
    const { url, close } = await openEndpoint({ put, clock });
    const answer = deliver(url, batch);
    await until('it is put', () => waiting.length === 1);
    const closed = close(0);
    await clock.untilSleeping(2);
    await clock.advance(60_000);
    expect(await answer).toMatchObject({ status: 503 });
    await closed;
  });
});
