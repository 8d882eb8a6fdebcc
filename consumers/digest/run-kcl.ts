// Runs the digest consumer under the Kinesis Client Library: its daemon leases shards, one child process digests each.
import { extname } from 'node:path';
import { findJars } from '../shared/kcl/jars.ts';
import { checkJava } from '../shared/kcl/java.ts';
import { dynamoClient, rewindLeases } from '../shared/kcl/leases.ts';
import { checkProperties } from '../shared/kcl/properties.ts';
import { runKclWorker } from '../shared/kcl/worker.ts';
import { listShards, recordShards } from '../shared/shard-list.ts';
import type { DigestRun } from './digest-run.ts';
import type { DigestChildConfiguration } from './kcl-child.ts';

/** The library's own failoverTimeMillis: how long a lease may go unrenewed before another worker takes it. */
const FAILOVER_MS = 10_000;

/** Resolves after a graceful end on the signal; rejects when the daemon or a child is dead. */
export const runKcl = async (run: DigestRun): Promise<void> => {
  const { options, client, stream, application, store, settings, bounds, workerId, log, clock } = run;
  const environment = process.env;
  checkProperties({ application, retrieval: options.retrieval, overrides: options.kcl });
  const java = await checkJava(options.java, environment);
  const jars = await findJars(options.kclJars, environment);
  // So that completeness asks every shard from the start, those too that nobody has leased yet.
  await recordShards(store, stream, await listShards(client, stream));
  if (options.rewind) {
    const failover = Number(options.kcl.failoverTimeMillis ?? FAILOVER_MS) * 1.5;
    const dynamo = dynamoClient(stream.region);
    try {
      const leases = await rewindLeases(dynamo, { table: application, clock, failover });
      log.info({ leases }, 'checkpoints are moved back to the oldest record');
    } finally {
      dynamo.destroy();
    }
  }
  const configuration: DigestChildConfiguration = { stream, store: options.store, settings, workerId, bounds };
  await runKclWorker({
    child: new URL(`./kcl-child${extname(import.meta.url)}`, import.meta.url),
    configuration,
    ...{ stream, application, workerId, from: run.from, retrieval: options.retrieval, properties: options.kcl },
    ...{ java: java.path, jars, heap: options.javaHeap, environment },
    ...{ meter: run.meter, log, clock, signal: run.signal },
  });
};
