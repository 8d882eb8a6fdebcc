// Shows of the real daemon what the fake one takes for granted: its words, its deafness to a dead worker, its end on a signal.
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findJars } from '../../../../consumers/shared/kcl/jars.ts';
import { checkJava } from '../../../../consumers/shared/kcl/java.ts';
import type { KclWorkerOptions } from '../../../../consumers/shared/kcl/worker.ts';
import { requirement } from '../../../requirements.ts';
import { until } from '../../../until.ts';
import { type Bed, livingIn, openBed, type Started } from './worker-bed.ts';

const found = await (async () => {
  try {
    const java = (await checkJava('java', process.env)).path;
    return { java, jars: await findJars(process.env.VPCFLOW_KCL_JARS ?? null, process.env) };
  } catch {
    return null;
  }
})();
const ready = requirement('Java 17 with `npm run kcl`', found !== null, 'starts the real daemon');

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.close());

/** Nothing listens there: the daemon tries for a minute and more. */
const NOBODY = 'http://127.0.0.1:1';

const real = (endpoints: Readonly<Record<string, string>>): Partial<KclWorkerOptions> => ({
  ...found,
  heap: 128,
  properties: { shutdownGraceMillis: '60000', failoverTimeMillis: '5000' },
  environment: {
    ...process.env,
    ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_EC2_METADATA_DISABLED: 'true' },
    JAVA_TOOL_OPTIONS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1', // it lives for seconds
    ...endpoints,
  },
});

const TRYING = 'Initializing LeaseCoordinator attempt 1';
const trying = (started: Started): Promise<unknown> =>
  until('it starts', () => started.said.some(({ message }) => message === TRYING), 120);

describe.skipIf(!ready)('the real daemon', () => {
  test('told to stop while it tries to start does not take the whole of its grace', async () => {
    const started = bed.start({ options: real({ AWS_ENDPOINT_URL: NOBODY }) });
    await trying(started);
    started.stop();
    expect(await started.ended).toBe(null);
    expect(await livingIn(await started.daemon())).toEqual([]);
  });

  test('finds its jars and files in directories with letters beyond ASCII where the locale says nothing', async () => {
    const outside = process.env.TMPDIR;
    const odd = join(bed.directory, 'jörg');
    await mkdir(odd);
    process.env.TMPDIR = odd;
    try {
      const { environment = {}, jars = '', ...options } = real({ AWS_ENDPOINT_URL: NOBODY });
      const { LANG, LC_ALL, LC_CTYPE, ...rest } = environment;
      await symlink(jars, join(odd, 'jars'));
      const started = bed.start({ options: { ...options, jars: join(odd, 'jars'), environment: rest } });
      await Promise.race([trying(started), started.ended]);
      started.stop();
      expect(await started.ended).toBe(null);
    } finally {
      process.env.TMPDIR = outside;
    }
  });

  test('does not outlive its worker, which it would by itself', async () => {
    const worker = await bed.startProcess({ options: real({ AWS_ENDPOINT_URL: NOBODY }) }, {}, TRYING);
    expect(await livingIn(worker.daemon)).toEqual([worker.daemon]);
    process.kill(worker.pid, 'SIGKILL');
    await worker.ended;
    await until('it is gone', async () => (await livingIn(worker.daemon)).length === 0);
    await until('its directory is gone', async () => (await bed.leftovers()).length === 0);
  }, 180_000);

  test('without its jars says so in one sentence', async () => {
    const started = bed.start({ options: { ...real({ AWS_ENDPOINT_URL: NOBODY }), jars: bed.directory } });
    expect(await started.ended).toMatchObject({
      code: 'VF_ENGINE',
      message: expect.stringMatching(/failed \(status 1\): .*Could not find or load main class/),
    });
  });
});
