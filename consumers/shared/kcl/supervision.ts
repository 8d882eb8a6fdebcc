// Turns what befalls a daemon and its children into the worker's one end: a graceful one, or the error that explains it.
import type { Clock } from '../../../schemas/clock.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { StreamIdentity } from '../kinesis.ts';
import type { Log } from '../log.ts';
import type { Daemon, DaemonEnd } from './daemon.ts';
import type { DaemonLog, DaemonMoment } from './daemon-log.ts';
import type { ChildDeath } from './link-server.ts';

/** Beyond the grace that the daemon gives its children: to collect them and give up its leases. */
const MARGIN_MS = 10_000;
/** For a daemon that has nothing left to end but itself, after a failure: it may wait for the dead until its grace is over. */
const ALONE_MS = 3_000;
/** For one that is told to end before it works on leases: it would wait its whole grace for what never began. */
const UNBEGUN_MS = 1_000;
/** For the last words of children whose daemon is gone. */
const LAST_WORDS_MS = 3_000;

type Complaints = Pick<DaemonLog, 'reason' | 'words'>;

export interface SupervisionOptions {
  readonly stream: StreamIdentity;
  readonly grace: number; // ms
  readonly clock: Clock;
  readonly log: Log;
}

/**
 *     starting --up--> running --signal--> stopping --143 and every child ended--> resolves
 *         |               |                    |
 *         |               +--a child died, or the daemon gives up--> failing --no child left, or the grace over--> kill
 *         +--signal--> kill                    +--the grace over--> kill
 *
 * Whatever the state: when the Java process is gone, its children have a moment for their last words, and then
 * everything in its group is killed. Only the end of stopping, or of a start that was called off, resolves.
 */
export class Supervision {
  readonly #options: SupervisionOptions;
  readonly #over = new AbortController();
  #daemon: Daemon | null = null;
  #up = false;
  #asked = false;
  #failing = false;
  /** We killed it: what dies from here on dies of that. */
  #killed = false;
  /** Why, unless there is another reason already, or none was needed. */
  #cause: VpcflowError | null = null;
  /** The first child that died by itself. */
  #death: ChildDeath | null = null;
  /**
   * Shards that were given up since the signal, all committed. The library may begin one again while it ends, in a child
   * that it then leaves to its fate: that is no failure.
   */
  readonly #handedBack = new Set<string>();
  #children = 0;
  #begun = false; // a child has connected
  #none: (() => void) | null = null;

  constructor(options: SupervisionOptions) {
    this.#options = options;
  }

  /** Resolves after the graceful end that the signal asked for; rejects with what else ended the daemon. */
  async run(daemon: Daemon, daemonLog: Complaints, signal: AbortSignal): Promise<void> {
    this.#daemon = daemon;
    const onAbort = (): void => this.#stop();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    const end = await daemon.ended;
    signal.removeEventListener('abort', onAbort);
    this.#over.abort();
    const before = this.#death; // what dies from here on dies of the daemon's end
    await this.#lastWords();
    const orphans = this.#children;
    daemon.kill();
    const graceful = this.#death === null && orphans === 0 && this.#cause === null && !this.#failing;
    if (graceful && this.#asked && this.#endedAsAsked(end)) return;
    throw this.#explain(end, before, orphans, daemonLog);
  }

  onMoment(moment: DaemonMoment): void {
    const { stream, log } = this.#options;
    switch (moment) {
      case 'up':
        this.#up = true;
        break;
      case 'giving-up':
        this.#fail();
        break;
      case 'no-stream':
        if (this.#up) break; // deleted under way: the daemon ends its shards by itself
        this.#cause ??= new VpcflowError('VF_STREAM', `there is no stream ${stream.arn}`);
        log.error({ stream: stream.arn }, 'there is no such stream');
        this.#kill();
        break;
    }
  }

  onDeath(death: ChildDeath): void {
    const { shard, pid, failure } = death;
    if (this.#killed || (shard !== null && this.#handedBack.has(shard))) {
      this.#options.log.warn({ shard, pid, error: failure?.sentence }, 'a child process ended with its daemon');
      return;
    }
    this.#options.log.error({ shard, pid, error: failure?.sentence }, 'a child process has died');
    this.#death ??= death;
    this.#fail();
  }

  onEnd(shard: string): void {
    if (this.#asked) this.#handedBack.add(shard);
  }

  onCount(children: number): void {
    this.#children = children;
    if (children > 0) this.#begun = true;
    if (children > 0) return;
    this.#none?.();
    if (this.#failing) this.#later(ALONE_MS, () => this.#kill());
  }

  #stop(): void {
    this.#asked = true;
    this.#options.log.info({ children: this.#children }, 'stopping: every child commits what it has');
    this.#terminate();
    this.#later(UNBEGUN_MS, () => {
      if (!this.#up && !this.#begun) this.#kill();
    });
  }

  /** The other children still commit and checkpoint, if they can. */
  #fail(): void {
    if (this.#failing || this.#daemon === null) return;
    this.#failing = true;
    this.#terminate();
    if (this.#children === 0) this.#later(ALONE_MS, () => this.#kill());
  }

  #terminate(): void {
    this.#daemon?.terminate();
    const { grace } = this.#options;
    this.#later(grace + MARGIN_MS, () => {
      const help = 'nothing is lost; see the log for what it waited for, or set more with --kcl shutdownGraceMillis=';
      const what = `the daemon of the Kinesis Client Library did not end within ${(grace + MARGIN_MS) / 1000} s`;
      this.#cause ??= new VpcflowError('VF_ENGINE', what, { help });
      this.#kill();
    });
  }

  #later(ms: number, act: () => void): void {
    this.#options.clock.sleep(ms, this.#over.signal).then(() => {
      if (!this.#over.signal.aborted) act();
    });
  }

  async #lastWords(): Promise<void> {
    if (this.#children === 0) return;
    const said = new AbortController();
    this.#none = () => said.abort();
    await this.#options.clock.sleep(LAST_WORDS_MS, said.signal);
  }

  #kill(): void {
    this.#killed = true;
    this.#daemon?.kill();
  }

  /** 143 is what Java makes of SIGTERM; before anything began, it may not even have come to that. */
  #endedAsAsked({ status, signal }: DaemonEnd): boolean {
    return status === 143 || status === 0 || signal === 'SIGTERM' || (this.#killed && !this.#up && !this.#begun);
  }

  /** What came first explains what followed; a consumer's own error says more than the engine's. */
  #explain(end: DaemonEnd, before: ChildDeath | null, orphans: number, log: Complaints): VpcflowError {
    const failure = before?.failure ?? null;
    if (failure !== null && failure.code !== 'VF_ENGINE') return failure;
    const worked = this.#up || this.#begun;
    if (end.signal === 'SIGKILL' && !this.#killed) return daemonError(end, log.reason(), worked); // and its children saw it first
    if (before !== null) return failure ?? mute(before, log.words());
    if (this.#cause !== null) return this.#cause;
    if (this.#asked && this.#endedAsAsked(end)) return this.#unfinished(orphans);
    return daemonError(this.#killed ? { status: 1, signal: null } : end, log.reason(), worked);
  }

  #unfinished(orphans: number): VpcflowError {
    const failure = this.#death?.failure;
    if (failure !== null && failure !== undefined) return failure;
    const what = orphans > 0 ? 'was still at work' : 'died';
    const grace = this.#options.grace / 1000;
    return new VpcflowError('VF_ENGINE', `a child process ${what} when the daemon ended; its grace was ${grace} s`, {
      help: 'nothing is lost, the records come again; set more with --kcl shutdownGraceMillis=',
    });
  }
}

const mute = ({ shard, pid }: ChildDeath, words: string | null): VpcflowError => {
  const who = shard === null ? `a child process (${pid ?? 'unknown'})` : `the child of ${shard} (process ${pid})`;
  return new VpcflowError('VF_ENGINE', `${who} died${words === null ? '' : `: ${words}`}`);
};

const OUT_OF_MEMORY =
  'give it more with --java-heap: one record that is an aggregate of the Kinesis Producer Library may be 75 times its size here, and more; where several come at once, --kcl maxRecords= has fewer read';
/** Starting it again does not help where it has never worked. */
const NEVER_UP =
  'run `vpcflow doctor --engine kcl` with the same options: it finds what is missing of permissions, endpoints and tables';

const daemonError = ({ status, signal }: DaemonEnd, reason: string | null, worked: boolean): VpcflowError => {
  const daemon = 'the daemon of the Kinesis Client Library';
  const why = reason === null ? '' : `: ${reason}`;
  if (status === 3) return new VpcflowError('VF_ENGINE', `${daemon} ran out of memory${why}`, { help: OUT_OF_MEMORY });
  if (signal !== null) return new VpcflowError('VF_ENGINE', `${daemon} was killed (${signal})${why}`);
  if (status === 143) return new VpcflowError('VF_ENGINE', `${daemon} was told to end, but not by this worker`);
  // Status 0: it gave up starting, after twenty attempts.
  const what = `${daemon} ${status === 0 ? 'gave up' : `failed (status ${status})`}${why}`;
  return new VpcflowError('VF_ENGINE', what, worked ? {} : { help: NEVER_UP });
};
