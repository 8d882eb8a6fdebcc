// What is refused before the first record, what is only told, and where the spool lies.
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseForwardStream } from '../../../../consumers/shared/forward/firehose.ts';
import { checkForwarding, type Forwarding, openForwarding } from '../../../../consumers/shared/forward/forwarding.ts';
import type { Options } from '../../../../consumers/shared/options.ts';
import { readOptions } from '../../../../consumers/shared/read-options.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { idsOf } from '../../../fakes/firehose-http.ts';
import { until } from '../../../until.ts';
import { ForwardBed } from './bed.ts';
import { commit, epoch } from './epochs.ts';

let bed: ForwardBed;
beforeEach(async () => {
  bed = await ForwardBed.open();
});
afterEach(async () => {
  await bed.close();
});

const ARN = 'arn:aws:kinesis:eu-west-1:123456789012:stream/flows';
const stream = { name: 'flows', arn: ARN, region: 'eu-west-1', id: '123456789012.eu-west-1.flows' };

const optionsOf = (given: Readonly<Record<string, string>>): Options =>
  readOptions(
    { options: ['store', 'data', 'forward', 'forwardWhat', 'forwardSpool', 'forwardSpoolSize'], required: [] },
    { store: bed.directory, ...given },
    {},
  );

const opened = async (given: Readonly<Record<string, string>>): Promise<Forwarding> => {
  const { store, meter, log, clock } = bed;
  const forwarding = await openForwarding({ options: optionsOf(given), stream, store, meter, log, clock });
  if (forwarding === null) throw new Error('nothing is forwarded');
  return forwarding;
};

const failure = async (given: Readonly<Record<string, string>>): Promise<string> => {
  const error = await opened(given).catch((thrown: unknown) => thrown);
  if (error instanceof VpcflowError) return error.sentence;
  throw new Error(`it did not fail as it should: ${error}`);
};

describe('the stream', () => {
  test('is a name, or an ARN with a region of its own', () => {
    expect(parseForwardStream('siem')).toEqual({ name: 'siem', region: null });
    const arn = 'arn:aws-cn:firehose:cn-north-1:123456789012:deliverystream/a.b_c-1';
    expect(parseForwardStream(arn)).toEqual({ name: 'a.b_c-1', region: 'cn-north-1' });
    for (const given of ['', 'a/b', 'x'.repeat(65), ARN]) expect(() => parseForwardStream(given)).toThrow(VpcflowError);
  });

  test('that there is not, is refused', async () => {
    bed.firehose.described = 'ResourceNotFoundException';
    expect(await failure({ forward: 'siem' })).toMatch(
      /^there is no Firehose stream siem in eu-west-1; .*\(VF_SERVICE\)$/,
    );
  });

  test('that reads a Kinesis stream takes no records, and is refused', async () => {
    bed.firehose.described = 'KinesisStreamAsSource';
    expect(await failure({ forward: 'siem' })).toMatch(/Direct PUT \(VF_SERVICE\)$/);
  });

  test.for(['AccessDeniedException', 'ServiceUnavailableException', 'gone'])(
    'that cannot be looked at (%s) is told, and digests go on',
    async (described) => {
      bed.firehose.described = described;
      if (described === 'gone') await bed.firehose.stop();
      const forwarding = await opened({ forward: 'siem' });
      expect(bed.said).toMatchObject([{ level: 'warn', fields: { stream: 'siem' } }, { level: 'info' }]);
      await forwarding.close();
    },
  );
});

describe('the spool', () => {
  test('lies in the state of the store, apart for each pair of streams', async () => {
    const forwarding = await opened({ forward: 'siem', 'forward-what': 'rejects', 'forward-spool-size': '3' });
    expect(forwarding.target).toEqual({
      ...{ directory: join(bed.directory, '.vpcflow/forward/123456789012.eu-west-1.flows/eu-west-1.siem') },
      ...{ limit: 3 * 1024 * 1024, what: 'rejects' },
    });
    expect((await stat(forwarding.target.directory)).isDirectory()).toBe(true);
    await forwarding.close();
  });

  test('lies where it is told to, by region of an ARN', async () => {
    const arn = 'arn:aws:firehose:us-east-2:123456789012:deliverystream/siem';
    const forwarding = await opened({ forward: arn, 'forward-spool': join(bed.directory, 's') });
    expect(forwarding.target.directory).toBe(join(bed.directory, 's/123456789012.eu-west-1.flows/us-east-2.siem'));
    await forwarding.close();
  });

  test('that can never be written is refused', async () => {
    await writeFile(join(bed.directory, 'file'), '');
    const sentence = await failure({ forward: 'siem', 'forward-spool': join(bed.directory, 'file') });
    expect(sentence).toMatch(/cannot create the spool of --forward: .* \(VF_STORE_UNREACHABLE\)$/);
  });
});

test('without --forward nothing is opened', async () => {
  const { store, meter, log, clock } = bed;
  expect(await openForwarding({ options: optionsOf({}), stream, store, meter, log, clock })).toBeNull();
  expect(() => checkForwarding(optionsOf({}))).not.toThrow();
  expect(() => checkForwarding(optionsOf({ forward: 'a/b' }))).toThrow(/is no Firehose stream/);
});

test('what a run left is sent by the next one', async () => {
  bed.firehose.answer = () => 'hang';
  const first = await opened({ forward: 'siem' });
  const one = await epoch(1, 20);
  await commit(bed.store, one, bed.stager(first.target));
  await until('it was tried', () => bed.firehose.calls.length > 0);
  await first.close();
  bed.firehose.answer = () => 'take';
  const second = await opened({ forward: 'siem' });
  await until('it is sent', () => bed.firehose.records.length === 20);
  await second.close();
  expect([...idsOf(bed.firehose.records)].sort()).toEqual([...one.ids].sort());
});
