// The digest consumer as a child of the Kinesis Client Library's daemon: turns its worker's configuration into a processor of one shard.
import { z } from 'zod';
import { VpcflowError } from '../../schemas/errors.ts';
import { Stager } from '../shared/forward/stager.ts';
import { type ChildWork, runKclChild } from '../shared/kcl/child/run-child.ts';
import { kinesisClient } from '../shared/kinesis.ts';
import { shardHistory } from '../shared/shard-history.ts';
import { listShards } from '../shared/shard-list.ts';
import { storedRegister } from '../shared/shard-register.ts';
import { withDeadline } from '../shared/store/deadline.ts';
import { openStore } from '../shared/store/open.ts';
import { measured } from './measured.ts';
import { DigestProcessor } from './processor.ts';

const text = z.string().min(1);

const Configuration = z.strictObject({
  stream: z.strictObject({ name: text, arn: text, region: text, id: text }).readonly(),
  /** As `--store` was given. */
  store: text,
  settings: z
    .strictObject({
      ports: z.enum(['service', 'all']),
      servicePorts: z.array(z.int()).readonly(),
      formats: z.array(z.strictObject({ logGroup: z.string(), format: z.string() }).readonly()).readonly(),
      format: z.string().nullable(),
      logGroup: z.string().nullable(),
    })
    .readonly(),
  workerId: text,
  /** Null: those of the layout. */
  bounds: z.strictObject({ rows: z.int(), bytes: z.int(), hours: z.int() }).readonly().nullable(),
  /** Null: nothing is forwarded. What is staged here is sent by the worker. */
  forward: z
    .strictObject({ directory: text, limit: z.int(), what: z.enum(['digests', 'rejects', 'both', 'mirroring']) })
    .readonly()
    .nullable(),
});

/** JSON: what the worker writes for its children. */
export type DigestChildConfiguration = Readonly<z.infer<typeof Configuration>>;

const parse = (given: unknown): DigestChildConfiguration => {
  const parsed = Configuration.safeParse(given);
  if (parsed.success) return parsed.data;
  const what = z.prettifyError(parsed.error).replace(/\s+/g, ' ');
  throw new VpcflowError('VF_ENGINE', `the configuration of a child is not one of this version: ${what}`);
};

await runKclChild(async ({ configuration, meter, log, clock }): Promise<ChildWork> => {
  const { stream, store: uri, settings, workerId, bounds, forward } = parse(configuration);
  const store = withDeadline(await openStore(uri), clock);
  const client = kinesisClient({ region: stream.region });
  const stager = forward === null ? null : new Stager(forward, { meter, log, clock });
  // Before anything of this shard can be called complete.
  const register = storedRegister(store, client, stream, clock);
  await register.listed(await listShards(client, stream));
  const processor = new DigestProcessor({
    ...{ store, stream: stream.id, settings, workerId, clock },
    history: (shard) => shardHistory(client, stream, shard, clock),
    observer: measured(meter, log),
    ...(bounds === null ? {} : { bounds }),
    ...(stager === null ? {} : { forward: stager }),
  });
  return {
    processor,
    beforeShardEnd: (shard) => register.ending(shard),
    close: () => {
      stager?.close();
      client.destroy();
    },
  };
});
