// A stream that does not exist, told by the real daemon, which looks for it after a random time of up to 30 s.
import { describe, expect, inject, test } from 'vitest';
import { openBed } from '../consumers/shared/kcl/worker-bed.ts';
import { READY } from './bed.ts';

const servers = inject('servers');

describe.skipIf(!READY)('a stream that does not exist', () => {
  test('ends the worker the first time that it is told so', { timeout: 180_000 }, async ({ onTestFinished }) => {
    if (typeof servers === 'string') throw new Error(servers);
    const { java, jars, kinesis, dynamo } = servers;
    const bed = await openBed();
    onTestFinished(() => bed.close());
    const environment = {
      ...process.env,
      ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_EC2_METADATA_DISABLED: 'true' },
      ...{ AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint, AWS_ENDPOINT_URL_DYNAMODB: dynamo },
    };
    const properties = { shutdownGraceMillis: '60000', failoverTimeMillis: '5000' };
    const application = `no-stream-${process.pid}`;
    const { ended, said } = bed.start({ options: { java, jars, heap: 128, application, properties, environment } });
    expect(await ended).toMatchObject({ code: 'VF_STREAM' });
    expect(said.filter(({ message }) => message.includes('ResourceNotFoundException')).length).toBe(1);
  });
});
