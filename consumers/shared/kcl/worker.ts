// Turns a stream into running child processes, one a shard lease, by way of the Kinesis Client Library's daemon.
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { StreamIdentity } from '../kinesis.ts';
import type { Log } from '../log.ts';
import { startDaemon } from './daemon.ts';
import { type DaemonGuard, startGuard } from './daemon-guard.ts';
import { createDaemonLog } from './daemon-log.ts';
import { openLinkServer } from './link-server.ts';
import { daemonProperties, type InitialPosition, type Retrieval } from './properties.ts';
import { createRunDirectory, type RunDirectory } from './run-directory.ts';
import { Supervision } from './supervision.ts';
import { acquireWorkerLock } from './worker-lock.ts';

const TOUCH_EVERY = 3_600_000; // ms

export interface KclWorkerOptions {
  /** The consumer's child module; with the caller's own extension, which differs in a package. */
  readonly child: URL;
  /** JSON for the child module. */
  readonly configuration: unknown;
  readonly stream: StreamIdentity;
  readonly application: string;
  readonly workerId: string;
  readonly from: InitialPosition;
  readonly retrieval: Retrieval;
  /** `--kcl`, as it was given. */
  readonly properties: Readonly<Record<string, string>>;
  readonly java: string;
  readonly jars: string; // directory
  readonly heap: number; // MiB
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly meter: Meter;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Runs until the signal and a graceful end (resolves), or until the daemon or a child is dead: rejects with the child's
 * own error, or with VF_ENGINE. VF_IN_USE while another process of this host works under the same name, VF_USAGE for
 * properties that the daemon does not know, VF_STREAM when there is no such stream. It restarts nothing. Either way no
 * process and no file but an empty lock is left behind, and neither is when this process is killed.
 */
export const runKclWorker = async (options: KclWorkerOptions): Promise<void> => {
  const lock = await acquireWorkerLock(options);
  const over = new AbortController();
  try {
    const directory = await createRunDirectory();
    try {
      keepYoung([lock, directory], options.clock, over.signal);
      await work(options, directory);
    } finally {
      directory.remove();
    }
  } finally {
    over.abort();
    lock.release();
  }
};

const keepYoung = async (
  files: readonly { touch(): Promise<void> }[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    await clock.sleep(TOUCH_EVERY, signal);
    if (signal.aborted) return;
    await Promise.all(files.map((file) => file.touch()));
  }
};

/** How long the daemon gives its children when it is told to end; what stands in its own file. */
const graceOf = (properties: string): number => Number(/^shutdownGraceMillis = (\d+)$/m.exec(properties)?.[1] ?? 0);

const work = async (options: KclWorkerOptions, directory: RunDirectory): Promise<void> => {
  const { stream, application, workerId, from, retrieval, environment, meter, log, clock, signal } = options;
  const properties = daemonProperties({
    ...{ stream, application, workerId, from, retrieval, environment },
    ...{ executable: directory.launcher, overrides: options.properties },
  });
  await directory.writeProperties(properties);
  await directory.writeChild(options.child, options.configuration);
  if (signal.aborted) return;
  const supervision = new Supervision({ stream, grace: graceOf(properties), clock, log });
  const daemonLog = createDaemonLog(log, (moment) => {
    if (moment === 'up') meter.set('engineUp', 1, {});
    supervision.onMoment(moment);
  });
  const links = await openLinkServer({
    ...{ path: directory.socket, meter, log },
    onDeath: (death) => supervision.onDeath(death),
    onEnd: (shard) => supervision.onEnd(shard),
    onCount: (children) => supervision.onCount(children),
  });
  let guard: DaemonGuard | null = null;
  try {
    guard = await startGuard(directory.path);
    const daemon = await startDaemon({
      ...{ java: options.java, jars: options.jars, heap: options.heap, environment },
      ...{ properties: directory.properties, logback: directory.logback },
      ...{ stdout: daemonLog.stdout, stderr: daemonLog.stderr },
    });
    guard.watch(daemon.pid);
    log.info({ daemon: daemon.pid, application, workerId }, 'the daemon of the Kinesis Client Library starts');
    await supervision.run(daemon, daemonLog, signal);
  } finally {
    await links.close();
    await guard?.dismiss();
  }
};
