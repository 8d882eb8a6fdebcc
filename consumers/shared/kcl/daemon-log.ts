// Turns what the daemon prints into lines of the worker's log, moments of its life, and the reason if it dies.
import { constants } from 'node:os';
import type { Log, LogLevel } from '../log.ts';
import { type DaemonEvent, readDaemonLine } from './daemon-event.ts';

/** What a line of text is cut to. */
const LONGEST_TEXT = 4_000; // characters
const LONGEST_REASON = 500;

/** What is heard of the Scheduler, which says every few seconds that it waits and every minute what it has. */
const SCHEDULER = /^(?:Initiali[sz]|Skipping shard sync|Lease failover|Worker shutdown|Found |Directly|Deleting )/;
/** Said whether there is anything to say or not. */
const IDLE = /^(?:TotalSegments for|Table .* already exists|Requesting a checkpoint on)/;
/** A lease is written with each checkpoint; one that nobody can be given waits for the workers' first measurements. */
const QUIETER: readonly (readonly [words: RegExp, level: LogLevel])[] = [
  [/^Updated lease /, 'debug'],
  [/^Not able to assign all expiredOrUnAssignedLeases/, 'info'],
];
/** JCommander's usage, which the daemon prints when it cannot start, and the JVM's word that it reads a variable. */
const BOILERPLATE =
  /^(?:Usage: amazon-kinesis|\s+Options:|\s+-[lp], --|\s+File location of|\s+Properties file to|For more information, visit)/;
const PICKED_UP = /^(?:NOTE: )?Picked up (\w+):/;
/** The first line of a Java stack trace, or of the cause further down in it. */
const THROWN =
  /^(?:Exception in thread "[^"]*" |Caused by: )?(?:[a-z]\w*\.)+([A-Z][\w$]*(?:Exception|Error)(?:: .*)?)$/;
/**
 * What `java` says when it cannot run at all, what Node says of an error that ends a child, what we say then, and what a
 * shell says that cannot start a child.
 */
const FAILED =
  /^(?:\w*Error(?: \[\w+\])?: |FATAL ERROR: |Error occurred during |Unrecognized option: |Invalid maximum heap|vpcflow: |\S*child\.sh: )/;
/** A shell's form of the signal that ended a child; what the daemon then complains of is that it is gone. */
const EXITED = /^Child process exited with value: (\d+)$/;
const SIGNALLED = 128;

/** A lease as the library prints it, all of its twenty fields: its key is what it is known by. */
const LEASE = /\bLease\(leaseKey=([^,]+),.*\)/;

/** Followed by the partition keys and the data of a KPL aggregate that could not be taken apart: nothing for a log. */
const AGGREGATE = /^(Unexpected exception during deaggregation), record was:.*$/s;

/** `up`: leases are worked on from now on. `giving-up`: it will end, as soon as its other shards let it. */
export type DaemonMoment = 'up' | 'giving-up' | 'no-stream';

const momentOf = ({ logger, level, message }: DaemonEvent): DaemonMoment | null => {
  if (logger === 'Scheduler' && message.startsWith('Initialization complete')) return 'up';
  if (logger === 'KinesisShardDetector' && message.startsWith('Got ResourceNotFoundException')) return 'no-stream';
  // It has called System.exit, which waits for the other shards, and for this one in vain until its grace is over.
  const failed = level === 'error' && message.startsWith('Encountered an error while trying to');
  return logger === 'MultiLangShardRecordProcessor' && failed ? 'giving-up' : null;
};

/** Null for a child that ended by itself: it said why. */
const killedBy = ({ logger, message }: DaemonEvent): string | null => {
  const status = logger === 'MultiLangShardRecordProcessor' ? Number(EXITED.exec(message)?.[1] ?? 0) : 0;
  if (status <= SIGNALLED) return null;
  const name = Object.entries(constants.signals).find(([, number]) => number === status - SIGNALLED)?.[0];
  return `killed by ${name ?? `signal ${status - SIGNALLED}`}`;
};

const isNoise = ({ logger, level, message }: DaemonEvent): boolean => {
  if (level !== 'info') return false;
  return logger === 'Scheduler' ? !SCHEDULER.test(message) : IDLE.test(message);
};

export interface DaemonLog {
  /** A line of standard output: JSON as configured, or text that something printed. */
  readonly stdout: (line: string) => void;
  /** A line of standard error: the JVM's own words, and everything that a child wrote to its standard error. */
  readonly stderr: (line: string) => void;
  /** The most telling of what it complained of, if anything; for one sentence. */
  readonly reason: () => string | null;
  /** The same, of a child that died: what it said, or the signal. The daemon's log tells of consequences otherwise. */
  readonly words: () => string | null;
}

export const createDaemonLog = (log: Log, onMoment: (moment: DaemonMoment) => void): DaemonLog => {
  const source = { source: 'kcl' } as const;
  // The later of two that are alike tells more: retries come before what they end in.
  let fatal: string | null = null;
  let spoken = false; // it was a sentence
  let killed: string | null = null; // the first child that was
  let error: string | null = null;
  const text = (line: string): void => {
    if (line.trim() === '' || BOILERPLATE.test(line)) return;
    const message = line.slice(0, LONGEST_TEXT).trimEnd();
    const variable = PICKED_UP.exec(line)?.[1];
    if (variable !== undefined) {
      log.info(source, `${variable} is in force`); // and may have secrets in it
      return;
    }
    const thrown = THROWN.exec(line)?.[1] ?? null;
    const failure = thrown ?? (FAILED.test(line) ? message.replace(/^vpcflow: /, '') : null);
    // The cause below a stack trace says more than its top; below a sentence it says less.
    const less = thrown !== null && line.startsWith('Caused by: ') && spoken;
    if (failure !== null && !less) [fatal, spoken] = [failure.slice(0, LONGEST_REASON), thrown === null];
    log[failure === null ? 'warn' : 'error'](source, message);
  };
  return {
    stdout: (line) => {
      const event = readDaemonLine(line);
      if (event === null) return text(line);
      const moment = momentOf(event);
      if (moment !== null) onMoment(moment);
      killed ??= killedBy(event);
      if (isNoise(event)) return;
      const detail = event.error === null ? {} : { error: event.error.slice(0, LONGEST_TEXT) };
      const level = QUIETER.find(([words]) => words.test(event.message))?.[1] ?? event.level;
      const message = event.message.replace(LEASE, '$1').replace(AGGREGATE, '$1').trim();
      log[level]({ ...source, logger: event.logger, ...detail }, message.slice(0, LONGEST_TEXT));
      // What goes wrong while it ends is no reason for its end.
      if (event.level === 'error' && event.logger !== 'MultiLangDaemon')
        error = (event.error ?? event.message).replace(/\s+/g, ' ').slice(0, LONGEST_REASON);
    },
    stderr: text,
    reason: () => fatal ?? (killed === null ? error : `a child process was ${killed}`),
    words: () => fatal ?? killed,
  };
};
