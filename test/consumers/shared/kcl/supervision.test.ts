// Shows the ends of a worker that processes cannot be made to show on cue: which of several deaths it blames, and whom it waits for.
import { describe, expect, test } from 'vitest';
import type { Daemon, DaemonEnd } from '../../../../consumers/shared/kcl/daemon.ts';
import { Supervision } from '../../../../consumers/shared/kcl/supervision.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { recordLog } from './worker-bed.ts';

const GRACE = 60_000; // ms
const stream = { name: 's', arn: 'arn:s', id: 's', region: 'r' };
const MIDDLE = new VpcflowError('VF_ENGINE', 'the daemon closed the input in the middle of initialize');
const LOST = new VpcflowError('VF_CLAIM_LOST', 'the epoch is lost');

/** A daemon that ends when it is killed, or when the test says so. */
const begin = () => {
  const clock = new ManualClock();
  const signals: string[] = [];
  const control = new AbortController();
  let finish: (end: DaemonEnd) => void = () => {};
  const ended = new Promise<DaemonEnd>((resolve) => {
    finish = resolve;
  });
  const daemon: Daemon = {
    ...{ pid: 1, ended },
    terminate: () => void signals.push('SIGTERM'),
    kill: () => {
      signals.push('SIGKILL');
      finish({ status: null, signal: 'SIGKILL' });
    },
  };
  const supervision = new Supervision({ stream, grace: GRACE, clock, log: recordLog([]) });
  const result = supervision.run(daemon, { reason: () => 'the reason', words: () => null }, control.signal).then(
    () => null,
    (error: unknown) => error,
  );
  const exit = (status: number): void => finish({ status, signal: null });
  return { clock, signals, supervision, result, exit, stop: () => control.abort() };
};

const a = { pid: 7, shard: 'a', failure: null };

describe('a worker that was told to stop', () => {
  test('does not mind a child that the daemon began again for a shard already given up', async () => {
    const { supervision, result, exit, stop } = begin();
    supervision.onMoment('up');
    supervision.onCount(1);
    stop();
    supervision.onEnd('a');
    supervision.onCount(1); // the second child of the shard
    exit(143);
    await Promise.resolve();
    supervision.onDeath({ ...a, failure: MIDDLE });
    supervision.onCount(0);
    expect(await result).toBe(null);
  });

  test('minds one that the end of the daemon interrupts', async () => {
    const { supervision, result, exit, stop } = begin();
    supervision.onCount(1);
    stop();
    exit(143);
    await Promise.resolve();
    supervision.onDeath({ ...a, failure: MIDDLE });
    supervision.onCount(0);
    expect(await result).toBe(MIDDLE);
  });

  test('gives a daemon that works its whole grace, and not more', async () => {
    const { clock, signals, supervision, result, stop } = begin();
    supervision.onMoment('up');
    stop();
    await clock.advance(GRACE);
    expect(signals).toEqual(['SIGTERM']);
    await clock.advance(10_000);
    expect(signals).toContain('SIGKILL');
    expect(await result).toMatchObject({ code: 'VF_ENGINE', message: expect.stringContaining('within 70 s') });
  });

  test('gives one that has not begun a second', async () => {
    const { clock, supervision, result, stop } = begin();
    stop();
    await clock.advance(1_000);
    supervision.onCount(0);
    expect(await result).toBe(null);
  });
});

describe('a worker whose child has died', () => {
  test('lets the others end, and the daemon not wait for the dead', async () => {
    const { clock, signals, supervision, result } = begin();
    supervision.onCount(2);
    supervision.onDeath({ ...a, failure: LOST });
    supervision.onCount(1);
    await clock.advance(GRACE - 1);
    expect(signals).toEqual(['SIGTERM']);
    supervision.onCount(0);
    await clock.advance(3_000);
    expect(signals).toContain('SIGKILL');
    expect(await result).toBe(LOST);
  });

  test('blames the first', async () => {
    const { supervision, result, exit } = begin();
    supervision.onDeath({ ...a, failure: LOST });
    supervision.onDeath({ ...a, shard: 'b', failure: MIDDLE });
    supervision.onCount(0);
    exit(1);
    expect(await result).toBe(LOST);
  });

  test('and that said nothing is named, without what the daemon says of it', async () => {
    const { supervision, result, exit } = begin();
    supervision.onDeath(a);
    exit(1);
    expect(await result).toMatchObject({ code: 'VF_ENGINE', message: 'the child of a (process 7) died' });
  });
});

test('a stream that goes away under way is for the daemon to end', async () => {
  const { signals, supervision, result, exit } = begin();
  supervision.onMoment('up');
  supervision.onMoment('no-stream');
  expect(signals).toEqual([]);
  exit(0);
  const message = 'the daemon of the Kinesis Client Library gave up: the reason';
  expect(await result).toMatchObject({ code: 'VF_ENGINE', message });
});

describe('a daemon that ends by itself', () => {
  const endOf = async (status: number, before: (supervision: Supervision) => void = () => {}): Promise<unknown> => {
    const { supervision, result, exit } = begin();
    before(supervision);
    exit(status);
    return await result;
  };
  const doctor = expect.stringContaining('vpcflow doctor --engine kcl');

  test.each([0, 1])(
    'with status %i before it ever was up is for the doctor, not to be started again',
    async (status) => {
      expect(await endOf(status)).toMatchObject({ code: 'VF_ENGINE', help: doctor });
    },
  );

  test('after it was up is to be started again', async () => {
    const error = await endOf(1, (supervision) => supervision.onMoment('up'));
    expect(error).toMatchObject({ code: 'VF_ENGINE', help: expect.stringContaining('start it again') });
  });

  test('of its memory says how much one record may take, and when fewer at once help', async () => {
    const help = expect.stringMatching(/--java-heap.* 75 times .*--kcl maxRecords=/);
    expect(await endOf(3)).toMatchObject({ code: 'VF_ENGINE', help });
  });
});
