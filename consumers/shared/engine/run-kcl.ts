// Runs a consumer under the Kinesis Client Library: its daemon leases shards, one child process works on each.
import { type Consumer, defaultApplication } from '../application.ts';
import { findJars } from '../kcl/jars.ts';
import { checkJava } from '../kcl/java.ts';
import { dynamoClient, rewindLeases } from '../kcl/leases.ts';
import { checkProperties } from '../kcl/properties.ts';
import { DAEMON_PROPERTIES } from '../kcl/property-table.ts';
import { runKclWorker } from '../kcl/worker.ts';
import type { Options } from '../options.ts';
import { listShards } from '../shard-list.ts';
import type { Engine } from './engine.ts';
import type { StreamRun } from './stream-run.ts';

/** How long a lease may go unrenewed before another worker takes it, as the daemon will be told. */
const failoverMillis = (overrides: Options['kcl']): number => {
  const property = DAEMON_PROPERTIES.find(({ name }) => name === 'failoverTimeMillis');
  return Number(overrides.failoverTimeMillis ?? property?.ourDefault ?? property?.libraryDefault);
};

/** Moves the checkpoints back; false: told to stop before, and nothing is moved. */
const rewind = async ({ options, stream, application, clock, log, signal }: StreamRun): Promise<boolean> => {
  const dynamo = dynamoClient(stream.region);
  try {
    const failover = failoverMillis(options.kcl) * 1.5;
    const leases = await rewindLeases(dynamo, { table: application, clock, failover, signal });
    if (leases === null) log.info({}, 'told to stop: no checkpoint is moved back');
    else log.info({ leases }, 'checkpoints are moved back to the oldest record');
    return leases !== null;
  } finally {
    dynamo.destroy();
  }
};

/**
 * Looks for Java and the jars, and checks the properties. Rejects with VF_USAGE or VF_ENGINE. What it gives runs the
 * daemon: that resolves after a graceful end on the signal, and rejects when the daemon or a child is dead.
 */
export const openKcl = async (
  options: Options,
  consumer: Consumer,
  environment: NodeJS.ProcessEnv,
): Promise<Engine> => {
  const { retrieval, kcl: overrides } = options;
  const accept = (application: string) => checkProperties({ application, retrieval, overrides });
  accept(options.application ?? defaultApplication(consumer));
  const java = await checkJava(options.java, environment);
  const jars = await findJars(options.kclJars, environment);
  const run = async (work: StreamRun): Promise<void> => {
    const { client, stream, application, workerId, register, child, log, clock, signal } = work;
    // So that completeness asks every shard from the start, those too that nobody has leased yet.
    await register?.listed(await listShards(client, stream));
    if (options.rewind && !(await rewind(work))) return;
    await runKclWorker({
      ...{ child: child.module, configuration: child.configuration },
      ...{ stream, application, workerId, from: work.from, retrieval, properties: overrides },
      ...{ java: java.path, jars, heap: options.javaHeap, environment },
      ...{ meter: work.meter, log, clock, signal },
    });
  };
  return { accept, run };
};
