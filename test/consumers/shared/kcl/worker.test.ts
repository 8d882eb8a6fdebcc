// Shows how a worker ends, by what befalls its daemon and children, and that it leaves nothing behind: real processes, a daemon that is made to misbehave.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { until } from '../../../until.ts';
import { type Bed, livingIn, openBed, type Plan, type Started } from './worker-bed.ts';

const SHARD = 'shardId-000000000000';
let bed: Bed;

beforeAll(async () => {
  bed = await openBed();
});
afterAll(async () => await bed.close());

/** The worker has ended, and nothing of it is left. */
const endOf = async (started: Started, daemon: number): Promise<unknown> => {
  const error = await started.ended;
  // A process that was killed a moment ago may still be on its way out.
  await until('its processes are gone', async () => (await livingIn(daemon)).length === 0);
  expect(await bed.leftovers()).toEqual([]);
  expect(started.measured.findLast((line) => line.startsWith('children'))).toBe('children 0 {}');
  return error;
};

/** Starts it, does something once every child is initialized, and returns how it ended. */
const run = async (plan: Plan, then: (started: Started, daemon: number) => unknown = () => {}) => {
  const started = bed.start(plan);
  const daemon = await started.daemon();
  await started.initialized();
  await then(started, daemon);
  return { error: await endOf(started, daemon), ...started };
};

describe('a worker that is told to stop', () => {
  test('lets every child end, resolves, and has passed on what they said and measured', async () => {
    const { error, said, measured } = await run({}, ({ stop }) => stop());
    expect(error).toBe(null);
    const initialized = said.filter(({ fields }) => fields.odd === 'a\nb');
    expect(initialized.map(({ fields }) => fields.shard).sort()).toEqual([SHARD, 'shardId-000000000001']);
    expect(new Set(initialized.map(({ fields }) => fields.pid)).size).toBe(2);
    expect(measured).toContain(`records 3 {"shard":"${SHARD}"}`);
    expect(measured).toContain('children 2 {}');
    expect(measured).toContain('engineUp 1 {}');
    expect(measured).toContain(`forget ${SHARD}`);
    const raw = said.filter(({ level, fields }) => level === 'warn' && fields.source === 'kcl');
    expect(raw.map(({ message }) => message.replace(/\d+/, 'N')).sort()).toEqual([
      ...['a stray line', 'a stray line', 'raw words of child N', 'raw words of child N'],
    ]);
  });

  test('before it began starts nothing', async () => {
    const signal = AbortSignal.abort();
    const { said, ended } = bed.start({ options: { signal } });
    expect(await ended).toBe(null);
    expect(said).toEqual([]);
    expect(await bed.leftovers()).toEqual([]);
  });

  test('while the daemon still waits to begin does not wait for it', async () => {
    const started = bed.start({ daemon: { children: 0, stuck: true, stdout: ['begun'] } });
    await until('Java runs', () => started.said.some(({ message }) => message === 'begun'));
    started.stop();
    expect(await endOf(started, await started.daemon())).toBe(null);
  });

  test.each([
    ['a child that does not answer', { child: { does: 'busy' } }, 'did not end within 11 s'],
    ['a daemon that does not hear', { daemon: { children: 1, term: 'deaf' } }, 'did not end within 11 s'],
    [
      'a daemon that hangs when its children have ended',
      { daemon: { children: 1, term: 'hang' } },
      'did not end within',
    ],
    [
      'a daemon that ends before its children',
      { daemon: { children: 1, term: 'rash' }, child: { does: 'busy' } },
      'still at work',
    ],
    ['a child that is killed at the last moment', { child: { does: 'late-crash' } }, `the child of shardId-`],
  ] as const)('is not held up by %s, and says so', async (_, plan, sentence) => {
    const options = { properties: { shutdownGraceMillis: '1000' } };
    const { error } = await run({ options, ...plan }, ({ stop }) => stop());
    expect(error).toMatchObject({ code: 'VF_ENGINE', message: expect.stringContaining(sentence) });
  });

  test('ends well when the daemon goes first and the children with it', async () => {
    const options = { clock: systemClock }; // as long as it takes them here
    const { error } = await run({ daemon: { children: 2, term: 'rash' }, options }, ({ stop }) => stop());
    expect(error).toBe(null);
  });
});

/** Starts it and waits for its end. */
const endBySelf = async (plan: Plan) => {
  const started = bed.start(plan);
  return { ...started, error: await endOf(started, await started.daemon()) };
};

describe('a worker whose child', () => {
  test('dies without a word ends with the shard that it had', async () => {
    const { error, measured } = await endBySelf({ child: { does: 'crash', shard: SHARD } });
    const message = expect.stringContaining(`the child of ${SHARD} (process `);
    expect(error).toMatchObject({ code: 'VF_ENGINE', message });
    expect(measured).toContain(`forget ${SHARD}`);
  });

  test('fails ends with the error of the child', async () => {
    const { error } = await endBySelf({ child: { does: 'fail', shard: SHARD } });
    expect(error).toMatchObject({ code: 'VF_CLAIM_LOST', message: 'the epoch is lost', help: 'wait' });
  });

  test('cannot even begin ends with what it wrote, which is text', async () => {
    const child = new URL('./no-such-module.ts', import.meta.url);
    const { error } = await endBySelf({ daemon: { children: 1 }, options: { child } });
    expect(error).toMatchObject({ code: 'VF_ENGINE', message: expect.stringContaining('Cannot find module') });
  });
});

describe('a worker whose daemon', () => {
  const exits = (status: number) => ({ children: 0, exit: { status, when: 'at-once' } }) as const;
  const trace = [
    'java.lang.RuntimeException: outer',
    '\tat a.B.c(B.java:1)',
    'Caused by: a.b.InnerException: the inside',
  ];

  test.each([
    ['fails at once', { ...exits(1), stderr: trace }, 'failed (status 1): InnerException: the inside'],
    [
      'cannot run at all',
      { ...exits(1), stderr: ['Error: Unable to access jarfile'] },
      'Error: Unable to access jarfile',
    ],
    ['gives up', exits(0), 'gave up'],
    ['has too little memory', exits(3), 'ran out of memory'],
    ['is told to end by somebody else', exits(143), 'not by this worker'],
    ['ends while its children work', { children: 2, exit: { status: 1, when: 'initialized' } }, 'failed (status 1)'],
    ['leaves a process that holds its output', { ...exits(1), holder: true }, 'failed (status 1)'],
  ] as const)('%s ends and says why', async (_, daemon, sentence) => {
    const { error } = await endBySelf({ daemon });
    expect(error).toMatchObject({ code: 'VF_ENGINE', message: expect.stringContaining(sentence) });
  });

  test('is killed ends, and its children with it', async () => {
    const { error } = await run({}, (_, daemon) => process.kill(daemon, 'SIGKILL'));
    const message = 'the daemon of the Kinesis Client Library was killed (SIGKILL)';
    expect(error).toMatchObject({ code: 'VF_ENGINE', message });
  });

  test('finds no stream ends at once, though the daemon would go on trying', async () => {
    const line = {
      ...{ level: 'WARN', loggerName: 'software.amazon.kinesis.leases.KinesisShardDetector', throwable: null },
      formattedMessage: 'Got ResourceNotFoundException when fetching shard list for s. Stream no longer exists.',
    };
    const { error } = await endBySelf({ daemon: { children: 0, stuck: true, stdout: [JSON.stringify(line)] } });
    expect(error).toMatchObject({ code: 'VF_STREAM', message: expect.stringContaining('there is no stream arn:') });
  });

  test('prints what is no log has it logged all the same', async () => {
    const stdout = ['{"level":"INFO","loggerName":', '{"level":7}', 'caf\u00e9 \u2028 end'];
    const { said } = await endBySelf({ daemon: { ...exits(1), stdout, longLine: 3_000_000 } });
    const messages = said.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(messages).toEqual([...stdout, 'x'.repeat(4_000)]);
  });

  test('has the worker’s environment, less what one Node process is told of itself', async () => {
    const tell = ['AWS_PROFILE', 'VPCFLOW_SEEN', 'NODE_CHANNEL_FD', 'NODE_OPTIONS'];
    const environment = {
      ...process.env,
      FAKE_DAEMON: JSON.stringify({ ...exits(1), tell }),
      ...{ AWS_PROFILE: 'p', VPCFLOW_SEEN: 'it is', NODE_CHANNEL_FD: '9' },
      NODE_OPTIONS: '--inspect=127.0.0.1:0 --max-old-space-size=300 --inspect-publish-uid=http',
    };
    const { said } = await endBySelf({ options: { environment } });
    const printed = said.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(printed).toEqual([
      ...['AWS_PROFILE=p', 'VPCFLOW_SEEN=it is', 'NODE_CHANNEL_FD=none', 'NODE_OPTIONS=--max-old-space-size=300'],
    ]);
  });

  test.each([
    [{}, 'C.UTF-8'],
    [{ LANG: 'C' }, 'C.UTF-8'],
    [{ LANG: 'de_DE.UTF-8', LC_CTYPE: 'POSIX' }, 'C.UTF-8'],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, 'C.UTF-8'],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: '', LC_CTYPE: '' }, ''],
    [{ LC_ALL: 'de_DE.UTF-8', LANG: 'C' }, 'de_DE.UTF-8'],
  ])('reads names of files as UTF-8 where the locale says nothing: with %j LC_ALL is %j', async (locale, expected) => {
    const { LANG, LC_ALL, LC_CTYPE, ...rest } = process.env;
    const plan = JSON.stringify({ ...exits(1), tell: ['LC_ALL'] });
    const { said } = await endBySelf({ options: { environment: { ...rest, ...locale, FAKE_DAEMON: plan } } });
    expect(said.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([`LC_ALL=${expected}`]);
  });

  test('cannot be started says what Java needs', async () => {
    const started = bed.start({ options: { java: `${bed.directory}/no-java` } });
    expect(await started.ended).toMatchObject({ code: 'VF_ENGINE', help: expect.stringContaining('--java') });
    expect(await bed.leftovers()).toEqual([]);
  });
});

test('a property that the daemon does not know starts nothing', async () => {
  const { ended, said } = bed.start({ options: { properties: { maxRecord: '5' } } });
  expect(await ended).toMatchObject({ code: 'VF_USAGE' });
  expect(said).toEqual([]);
  expect(await bed.leftovers()).toEqual([]);
});

describe('two workers of one name', () => {
  test('on one host: the second is refused, until the first has ended', async () => {
    const options = { workerId: 'same' };
    const first = bed.start({ options });
    await first.initialized();
    expect(await bed.start({ options }).ended).toMatchObject({
      ...{ code: 'VF_IN_USE', help: expect.stringContaining('--worker-id') },
    });
    const other = bed.start({ options: { ...options, application: 'another' } });
    await other.initialized();
    first.stop();
    other.stop();
    expect([await first.ended, await other.ended]).toEqual([null, null]);
    const again = bed.start({ options });
    await again.initialized();
    again.stop();
    expect(await endOf(again, await again.daemon())).toBe(null);
  });
});

describe('a worker process', () => {
  test('that is killed leaves no daemon, no child, no directory and no lock', async () => {
    const options = { workerId: 'killed' };
    const worker = await bed.startProcess({ options, daemon: { children: 2, term: 'deaf' } });
    expect((await livingIn(worker.daemon)).length).toBe(3);
    process.kill(worker.pid, 'SIGKILL');
    await worker.ended;
    await until('its processes are gone', async () => (await livingIn(worker.daemon)).length === 0);
    await until('its directory is gone', async () => (await bed.leftovers()).length === 0);
    const next = bed.start({ options });
    await next.initialized();
    next.stop();
    expect(await next.ended).toBe(null);
  });

  test('that is killed leaves nothing where no program is on the PATH', async () => {
    const worker = await bed.startProcess({ daemon: { children: 1, term: 'deaf' } }, { PATH: bed.directory });
    process.kill(worker.pid, 'SIGKILL');
    await worker.ended;
    await until('its processes are gone', async () => (await livingIn(worker.daemon)).length === 0);
    await until('its directory is gone', async () => (await bed.leftovers()).length === 0);
  });

  test('that exits on the spot, as on a second signal, leaves nothing either', async () => {
    const worker = await bed.startProcess({ daemon: { children: 1, term: 'deaf' } });
    process.kill(worker.pid, 'SIGTERM');
    process.kill(worker.pid, 'SIGINT');
    expect(await worker.ended).toBe(130);
    expect(await bed.leftovers()).toEqual([]);
    await until('its processes are gone', async () => (await livingIn(worker.daemon)).length === 0);
  });
});
