// The sender against a stand-in for Firehose that somebody else wrote: what it delivers to S3 is what was committed.
import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookAtStream } from '../../../../consumers/shared/forward/firehose.ts';
import { idsOf } from '../../../fakes/firehose-http.ts';
import { type MotoServer, startMotoServer } from '../../../moto-server.ts';
import { until } from '../../../until.ts';
import { ForwardBed } from './bed.ts';
import { commit, epoch } from './epochs.ts';

const moto: MotoServer | null = await startMotoServer();

describe.skipIf(moto === null)('moto', () => {
  let bed: ForwardBed;
  let firehose: FirehoseClient;
  let s3: S3Client;
  beforeAll(async () => {
    bed = await ForwardBed.open();
    process.env.AWS_ENDPOINT_URL_FIREHOSE = moto!.endpoint;
    firehose = new FirehoseClient({});
    s3 = new S3Client({ endpoint: moto!.endpoint, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'siem' }));
    await firehose.send(
      new CreateDeliveryStreamCommand({
        ...{ DeliveryStreamName: 'siem', DeliveryStreamType: 'DirectPut' },
        ExtendedS3DestinationConfiguration: {
          ...{ BucketARN: 'arn:aws:s3:::siem', RoleARN: 'arn:aws:iam::123456789012:role/firehose' },
        },
      }),
    );
  });
  afterAll(async () => {
    firehose?.destroy();
    s3?.destroy();
    await bed?.close();
    await moto?.stop();
  });

  test('knows the stream, and another one not', async () => {
    await lookAtStream(firehose, 'siem', bed.log);
    expect(bed.said).toEqual([]);
    await expect(lookAtStream(firehose, 'other', bed.log)).rejects.toThrow(/there is no Firehose stream other/);
  });

  test('delivers each row and each reject as a line', async () => {
    const all = [await epoch(1, 1200, 2), await epoch(2, 1), await epoch(3, 30, 1)];
    const stager = bed.stager();
    for (const one of all) await commit(bed.store, one, stager);
    const sender = bed.sender();
    await until('the spool is empty', async () => (await bed.files('ready')).length === 0);
    await sender.close(0);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'siem' }));
    const objects = Contents.map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'siem', Key }));
      return await Body!.transformToString();
    });
    const lines = (await Promise.all(objects)).join('').trimEnd().split('\n');
    expect([...idsOf(lines)].sort()).toEqual(all.flatMap(({ ids }) => ids).sort());
    expect(lines.length).toBe(all.flatMap(({ ids }) => ids).length);
  });
});
